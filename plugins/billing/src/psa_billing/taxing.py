"""Which taxes a line bears: by category, the company's status and jurisdiction, and the tax point (BILL-20)."""

import datetime
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from psa_billing.engine.tax import Rate, TaxCode
from psa_billing.profiles import Client
from psa_billing.settings import BillingSettings
from psa_sdk import Context
from psa_sdk.errors import Invalid

CATEGORIES = "SELECT id, key, name, treatment, is_default FROM billing.tax_category"
RATES = "SELECT * FROM billing.tax_rate WHERE is_active ORDER BY sort_order, name, id"
TREATED: Mapping[str, tuple[str, TaxCode]] = {
    "zero": ("Zero rate", "Z"),
    "exempt": ("Exempt", "E"),
    "outside": ("Outside of tax", "O"),
}


class TaxBook:
    """The tenant's categories and rates, for one unit of work."""

    def __init__(
        self,
        own: BillingSettings,
        categories: Sequence[Mapping[str, Any]],
        rates: Sequence[Mapping[str, Any]],
    ) -> None:
        """Hold what `open_book` has read."""
        self._own = own
        self._rates = rates
        self._by_id = {row["id"]: row for row in categories}
        self._by_key = {row["key"]: row for row in categories}
        self._default = next((row for row in categories if row["is_default"]), None)

    def category(self, key: str) -> UUID | None:
        """Return a category by its key, empty for the default one; raises `Invalid` for an unknown one."""
        if not key:
            return self._default["id"] if self._default else None
        if key not in self._by_key:
            raise Invalid(f"There is no tax category {key}; add it first.", code="unknown_tax_category")
        return self._by_key[key]["id"]

    def rates(self, category_id: UUID | None, client: Client, date: datetime.date) -> tuple[Rate, ...]:
        """Return the rates of a line; raises `Invalid` where a taxable one has none."""
        if not self._own.charges_tax:
            return ()
        category = self._by_id.get(category_id or UUID(int=0)) or self._default
        treatment = category["treatment"] if category else "taxable"
        if treatment in TREATED:
            name, code = TREATED[treatment]
            return (Rate(name=name, percent=Decimal(0), code=code),)
        if client.tax_status == "reverse_charge":
            note = self._own.reverse_charge_note
            return (Rate(name="Reverse charge", percent=Decimal(0), code="AE", note=note),)
        if client.tax_status == "exempt" and self.certificate_holds(client, date):
            note = f"Exemption certificate {client.certificate}"
            return (Rate(name="Exempt", percent=Decimal(0), code="E", note=note),)
        found = self._found(category, client.jurisdiction, date)
        if not found:
            name = category["name"] if category else "the default category"
            raise Invalid(
                f"There is no tax rate for {name} on {date}; add one, or give the line another tax category.",
                code="no_tax_rate",
                meta={"date": str(date), "jurisdiction": client.jurisdiction},
            )
        return tuple(
            Rate(
                name=row["name"],
                percent=row["rate"].normalize() + 0,
                compound=row["is_compound"],
                jurisdiction=row["jurisdiction"],
            )
            for row in found
        )

    @staticmethod
    def certificate_holds(client: Client, date: datetime.date) -> bool:
        """Tell whether an exempt company has a certificate on a date."""
        return bool(client.certificate) and (
            client.certificate_until is None or client.certificate_until >= date
        )

    def _found(
        self, category: Mapping[str, Any] | None, jurisdiction: str, date: datetime.date
    ) -> list[Mapping[str, Any]]:
        is_default = category is None or category["is_default"]
        valid = [
            row
            for row in self._rates
            if (row["starts_on"] is None or row["starts_on"] <= date)
            and (row["ends_on"] is None or row["ends_on"] >= date)
        ]
        fitting = [
            row
            for row in valid
            if (category is not None and row["tax_category"] == category["id"])
            or (row["tax_category"] is None and is_default)
        ]
        local = [row for row in fitting if jurisdiction and row["jurisdiction"] == jurisdiction]
        general = [row for row in fitting if not row["jurisdiction"]]
        return local or general or [row for row in valid if row["is_default"]]


async def open_book(ctx: Context) -> TaxBook:
    """Read categories and rates."""
    own = await ctx.settings(BillingSettings)
    return TaxBook(own, await ctx.db.fetch(CATEGORIES), await ctx.db.fetch(RATES))
