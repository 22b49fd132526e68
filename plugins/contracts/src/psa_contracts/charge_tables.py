"""What was charged, and what quantities were counted."""

from psa_sdk.tables import UUID, Date, Decimal, Index, Integer, Json, Ref, TenantTable, Text


class Charge(TenantTable, schema="contracts", tablename="charge"):
    """An amount of an item and period that is on an invoice; further ones of a period correct it (CON-04, CON-05)."""

    contract = Ref("contracts")
    item = Ref("contract-items")
    sequence = Integer(default=0)
    period_start = Date()
    period_end = Date()
    quantity = Decimal(digits=(14, 4))
    unit_price = Decimal(digits=(14, 4))
    amount = Decimal(digits=(16, 4))
    currency = Text()
    counted_ids = Json(null=True, help_text="What an automatic quantity counted (CON-09)")
    invoice = Ref("invoices", null=True)
    invoice_line = UUID(null=True)

    index_on = (
        Index(("item", "period_start", "sequence"), unique=True),
        Index(("contract", "period_start")),
        Index(("invoice",)),
    )


class QuantityCount(TenantTable, schema="contracts", tablename="quantity_count"):
    """What an automatic quantity was on a day, and which records were counted (CON-09)."""

    item = Ref("contract-items", on_delete="cascade")
    counted_on = Date()
    quantity = Integer()
    counted_ids = Json(default=[])

    index_on = (Index(("item", "counted_on"), unique=True),)
    checks = ("quantity >= 0",)


CHARGES = (Charge, QuantityCount)
