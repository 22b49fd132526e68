"""Prepaid hours as stored: grants, and the ledger whose sums they are (CON-11)."""

from psa_sdk.tables import UUID, Choice, Date, Index, Integer, Ref, TenantTable, Text

ENTRY_KINDS = ("granted", "burned", "returned", "rolled", "expired", "corrected")


class HourGrant(TenantTable, schema="contracts", tablename="hour_grant"):
    """Minutes that may be burned; `balance_minutes` is the sum of its ledger, kept by a trigger, never negative."""

    contract = Ref("contracts")
    item = Ref("contract-items", null=True)
    key = Text(help_text="What it is, once per contract: period:<item>:<start>, manual:<id>")
    kind = Choice("period", "purchase", "manual", "rollover", default="manual")
    minutes = Integer(help_text="As agreed; a rollover has what rolled")
    balance_minutes = Integer(default=0)
    valid_from = Date()
    expires_on = Date(null=True, help_text="The last day, included")
    granted_on = Date()
    work_type = Ref("work-types", null=True)
    follows = Text(default="", help_text="The key of the grant that rolls into this one")
    note = Text(default="")

    index_on = (Index(("contract", "key"), unique=True),)
    checks = ("minutes >= 0", "balance_minutes >= 0", "expires_on >= valid_from")


class HourEntry(TenantTable, schema="contracts", tablename="hour_entry"):
    """A change of a grant's balance, for good."""

    contract = Ref("contracts")
    hour_grant = Ref("hour-grants")
    kind = Choice(*ENTRY_KINDS)
    minutes = Integer(help_text="Signed: what is burned is negative")
    source_id = UUID(null=True, help_text="The time entry that burned")
    posted_on = Date()

    append_only = True
    index_on = (
        Index(("contract", "id")),
        Index(("hour_grant",)),
        Index(("source_id",), where="source_id IS NOT NULL"),
    )
    checks = (
        "minutes <> 0",
        "(source_id IS NOT NULL) = (kind IN ('burned', 'returned'))",
        "kind <> 'burned' OR minutes < 0",
        "kind <> 'returned' OR minutes > 0",
    )


HOURS = (HourGrant, HourEntry)
