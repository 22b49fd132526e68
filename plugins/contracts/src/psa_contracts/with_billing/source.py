"""Contracts as a source of what can be billed (BILL-25, BILL-28, CON-02 to CON-09, CON-21)."""

import datetime
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from psa_billing.api import BillableLine, BillingScope, Collected
from psa_contracts import charges
from psa_contracts.api import WorkSource
from psa_contracts.charges import Due
from psa_contracts.records import RAISED
from psa_sdk import Context

NAME = "contracts"
COMPANIES = "SELECT DISTINCT company FROM contracts.contract WHERE status <> 'draft' AND start_date <= $1"
CONTRACTS = """
SELECT id, number, name, po_number, unapproved_time FROM contracts.contract
WHERE company = $1 AND status <> 'draft' AND ($2::uuid IS NULL OR id = $2) ORDER BY number"""


class ContractCharges:
    """Implements `psa_billing.api.BillableSource`."""

    def __init__(self, ctx: Context) -> None:
        """Work within a unit of work."""
        self._ctx = ctx
        self._system = ctx.as_system()

    async def companies(self, through: datetime.date) -> Collection[UUID]:
        """Return the companies with contracts."""
        return [row["company"] for row in await self._system.db.fetch(COMPANIES, through)]

    async def collect(self, scope: BillingScope) -> Collected:
        """Return what is due of a company's contracts and not charged."""
        rows = await self._system.db.fetch(CONTRACTS, scope.company_id, scope.contract_id)
        contracts = {row["id"]: row for row in rows}
        waiting = await self._unapproved(contracts, scope.through)
        blocked = [text for one, text in waiting.items() if contracts[one]["unapproved_time"] == "block"]
        if blocked:
            return Collected(blocked=" ".join(blocked))
        found = await charges.due(self._ctx, list(contracts), scope.through)
        lines = [line(one, contracts[one.contract_id]["po_number"]) for one in found]
        return Collected(lines=lines, warnings=list(waiting.values()))

    async def claim(self, lines: Mapping[str, UUID], invoice_id: UUID) -> None:
        """Note that charges are on an invoice."""
        await charges.claim(self._ctx, lines, invoice_id)

    async def release(self, invoice_id: UUID, keys: Sequence[str] | None = None) -> None:
        """Take charges off an invoice."""
        await charges.release(self._ctx, invoice_id, keys)

    async def _unapproved(
        self, contracts: Mapping[UUID, Mapping[str, Any]], through: datetime.date
    ) -> dict[UUID, str]:
        """Return a sentence for each contract whose work waits for approval, as far as that matters (CON-21)."""
        asked = [one for one, row in contracts.items() if row["unapproved_time"] != "ignore"]
        if not asked or not self._ctx.provides(WorkSource):
            return {}
        waiting = await self._system.service(WorkSource).unapproved(asked, through)
        return {
            one: f"{entries} time entries of C{contracts[one]['number']:05} up to {through} wait for approval."
            for one, entries in waiting.items()
        }


def line(one: Due, po_number: str | None) -> BillableLine:
    """Return a charge as billing takes it."""
    recurring = one.item_type in RAISED
    return BillableLine(
        key=one.key,
        description=f"{one.name} (correction)" if one.kind == "correction" else one.name,
        currency=one.currency,
        date=one.last,
        unit_price=one.unit_price,
        quantity=one.quantity,
        amount=one.amount,
        line_type="adjustment"
        if one.kind == "correction"
        else "product"
        if one.item_type == "product"
        else "service",
        tax_category=one.tax_category,
        period_start=one.first if recurring else None,
        period_end=one.last if recurring else None,
        recognition="over_period" if recurring else "at_once",
        contract_id=one.contract_id,
        po_number=po_number or "",
    )
