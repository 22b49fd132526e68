"""What went to the bookkeeping: which account what is booked to, and which document went with which export."""

import decimal

from psa_sdk.tables import UUID, Choice, Date, Decimal, Index, Instant, Integer, Ref, TenantTable, Text

ACCOUNTS = ("receivables", "revenue", "tax", "money", "bad_debt")
ENTRIES = (
    "invoice",
    "credit_memo",
    "void",
    "payment",
    "payment_failed",
    "refund",
    "refund_failed",
    "write_off",
    "write_off_reversed",
)


class AccountMapping(TenantTable, schema="billing", tablename="account_mapping"):
    """The account that something is booked to."""

    kind = Choice(*ACCOUNTS)
    key = Text(
        default="",
        help_text="Of revenue: a product's SKU or a type of line; of tax: the rate's name; of money: the method;"
        " empty: everything else",
    )
    account = Text()
    name = Text(default="")

    index_on = (Index(("kind", "key"), unique=True),)
    checks = ("account <> ''",)


class AccountingExport(TenantTable, schema="billing", tablename="accounting_export"):
    """A journal that was handed to the bookkeeping; its file hangs on it."""

    status = Choice("exported", "cancelled", default="exported")
    through = Date()
    documents = Integer(default=0)
    exported_by = Ref("users", null=True, on_delete="set_null")
    cancelled_at = Instant(null=True)

    index_on = (Index(("created_at",)),)


class AccountingEntry(TenantTable, schema="billing", tablename="accounting_entry"):
    """A document that was exported, once; what the bookkeeping calls it, as soon as that is known (BILL-44)."""

    export = Ref("accounting-exports", on_delete="cascade")
    company = Ref("companies")
    kind = Choice(*ENTRIES)
    document = UUID()
    reference = Text()
    date = Date()
    amount = Decimal(default=decimal.Decimal(0))
    currency = Text()
    content_hash = Text(help_text="Of what was booked, without the accounts")
    external_id = Text(null=True)

    company_key = ""
    index_on = (
        Index(("kind", "document"), unique=True),
        Index(("export", "date", "id")),
        Index(("company",)),
        Index(("reference",)),
        Index(("external_id",), where="external_id IS NOT NULL"),
    )


ALL = (AccountMapping, AccountingExport, AccountingEntry)
