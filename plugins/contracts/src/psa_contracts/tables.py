"""What contracts store: agreements with their items and rate cards; `hour_tables` and `charge_tables` hold the rest."""

import decimal

from psa_sdk.tables import (
    UUID,
    Boolean,
    Choice,
    Date,
    Decimal,
    Index,
    Integer,
    Json,
    Ref,
    TenantTable,
    Text,
)

CYCLES = ("monthly", "quarterly", "annually")
TYPES = ("managed_services", "block_hours", "time_and_materials", "fixed_price", "warranty")
STATUSES = ("draft", "active", "expired", "cancelled")
ITEM_TYPES = ("recurring_service", "block_hours", "retainer", "product", "milestone")
ZERO = decimal.Decimal(0)


class Contract(TenantTable, schema="contracts", tablename="contract"):
    """An agreement with a company."""

    number = Integer()
    name = Text()
    company = Ref("companies")
    site = Ref("sites", null=True, on_delete="set_null", help_text="Covers the work at this place")
    contract_type = Choice(*TYPES)
    status = Choice(*STATUSES, default="draft")
    start_date = Date()
    end_date = Date(null=True, help_text="The last day of the present term; empty: until notice")
    anchor_date = Date(help_text="Periods are counted from here")
    billing_cycle = Choice(*CYCLES, default="monthly")
    billing_timing = Choice("advance", "arrears", default="advance")
    unapproved_time = Choice(
        "warn",
        "block",
        "ignore",
        default="warn",
        help_text="What time that nobody approved does to an invoice",
    )
    first_period = Choice("prorate", "full", default="prorate")
    billing_amount = Decimal(digits=(16, 4), default=ZERO, help_text="Of one period, as of the present items")
    currency = Text()
    auto_renew = Boolean(default=False)
    renewal_months = Integer(default=12)
    notice_days = Integer(default=30)
    uplift_percent = Decimal(digits=(6, 3), default=ZERO)
    notice_given_on = Date(null=True)
    cancellation_reason = Text(null=True)
    labour = Choice(
        "billed", "hours", "included", help_text="What pays for work: itself, hours, the contract"
    )
    weighted_burn = Boolean(default=True)
    overage_multiplied = Boolean(default=False)
    is_default = Boolean(default=True)
    covers_children = Boolean(default=False)
    rate_card = Ref("rate-cards", null=True)
    after_hours_multiplier = Decimal(digits=(6, 3), null=True)
    rounding_increment = Integer(null=True)
    rounding_method = Choice("up", "down", "nearest", default="up")
    rounding_minimum = Integer(default=0)
    rounding_scope = Choice("entry", "ticket", "ticket_day", default="entry")
    top_up_minutes = Integer(null=True, help_text="Bought by itself when no hours are left")
    top_up_price = Decimal(digits=(14, 4), null=True)
    po_number = Text(null=True)
    signed_date = Date(null=True)
    signed_by = Ref("contacts", null=True, on_delete="set_null")
    terms = Text(default="")
    notes = Text(default="")
    custom_fields = Json(default={})

    index_on = (
        Index(("number",), unique=True),
        Index(("company", "start_date")),
        Index(("end_date",), where="status = 'active'"),
    )
    checks = (
        "name <> ''",
        "end_date >= start_date",
        "renewal_months BETWEEN 1 AND 120",
        "notice_days BETWEEN 0 AND 730",
        "uplift_percent BETWEEN -100 AND 1000",
        "after_hours_multiplier >= 1",
        "rounding_increment BETWEEN 1 AND 1440",
        "rounding_minimum BETWEEN 0 AND 1440",
        "top_up_minutes > 0",
        "top_up_price >= 0",
        "(top_up_minutes IS NULL) = (top_up_price IS NULL)",
        "NOT auto_renew OR end_date IS NOT NULL",
    )


class ContractItem(TenantTable, schema="contracts", tablename="item"):
    """What a contract delivers; quantity and prices are those that hold from `effective_on`."""

    contract = Ref("contracts", on_delete="cascade")
    name = Text()
    description = Text(default="")
    item_type = Choice(*ITEM_TYPES, default="recurring_service")
    quantity = Decimal(digits=(14, 4), default=decimal.Decimal(1))
    unit_price = Decimal(digits=(14, 4), default=ZERO)
    included_minutes = Integer(default=0, help_text="Of a block, or of each period of a retainer")
    overage_rate = Decimal(digits=(12, 4), null=True, help_text="Per hour beyond the included ones")
    effective_on = Date()
    starts_on = Date()
    ends_on = Date(null=True)
    billing_frequency = Choice(*CYCLES, null=True, help_text="Empty: the contract's cycle")
    decrease_policy = Choice("credit", "next_period", "none", default="credit")
    work_type = Ref("work-types", null=True, help_text="Hours for this work only")
    rollover_minutes = Integer(default=0, help_text="At most this much rolls into the next period")
    valid_months = Integer(null=True, help_text="Hours of a block expire after")
    counter = Text(null=True, help_text="What counts the quantity")
    quantity_rule = Choice("at_end", "peak", "average", default="at_end")
    completed_on = Date(null=True, help_text="When a milestone was reached")
    tax_category = Text(default="")
    sort_order = Integer(default=0)

    index_on = (Index(("contract", "sort_order", "id")),)
    checks = (
        "name <> ''",
        "quantity >= 0",
        "unit_price >= 0",
        "included_minutes BETWEEN 0 AND 6000000",
        "overage_rate >= 0",
        "ends_on >= starts_on",
        "rollover_minutes >= 0",
        "valid_months BETWEEN 1 AND 120",
    )


class ItemRevision(TenantTable, schema="contracts", tablename="item_revision"):
    """What held of an item from a date on; rows are never changed, the later one of a date holds (CON-07)."""

    item = Ref("contract-items", on_delete="cascade")
    sequence = Integer()
    effective_on = Date()
    quantity = Decimal(digits=(14, 4))
    unit_price = Decimal(digits=(14, 4))
    included_minutes = Integer()
    overage_rate = Decimal(digits=(12, 4), null=True)
    cause = Choice("agreed", "changed", "uplift", default="changed")

    index_on = (Index(("item", "sequence"), unique=True),)


class ContractTerm(TenantTable, schema="contracts", tablename="term"):
    """A stretch of a contract's life; renewing adds one (CON-06)."""

    contract = Ref("contracts", on_delete="cascade")
    number = Integer()
    starts_on = Date()
    ends_on = Date(null=True)
    origin = Choice("first", "automatic", "manual", default="first")
    uplift_percent = Decimal(digits=(6, 3), default=ZERO)

    index_on = (Index(("contract", "number"), unique=True),)


class ContractVersion(TenantTable, schema="contracts", tablename="version"):
    """How a contract stood after an edit, by whom and what differs; a signed one has its document (CON-19)."""

    contract = Ref("contracts")
    number = Integer()
    cause = Choice("activated", "changed", "renewed", "signed", "cancelled", "ended")
    changed = Json(default={}, help_text="Names to [old, new]")
    snapshot = Json(help_text="The contract and its items")
    author_id = UUID()
    author_name = Text()
    signed_on = Date(null=True)
    signatory_id = UUID(null=True)
    document_id = UUID(null=True)

    append_only = True
    index_on = (Index(("contract", "number"), unique=True),)


class ContractAlert(TenantTable, schema="contracts", tablename="alert"):
    """A warning that was given, so that it isn't given again."""

    contract = Ref("contracts", on_delete="cascade")
    kind = Choice("expiry", "hours")
    occasion = Text(help_text="The end date, or the period and item")
    threshold = Integer()

    index_on = (Index(("contract", "kind", "occasion", "threshold"), unique=True),)


class ExcludedWork(TenantTable, schema="contracts", tablename="excluded_work"):
    """A type of work that a contract leaves out."""

    contract = Ref("contracts", on_delete="cascade")
    work_type = Ref("work-types", on_delete="cascade")

    index_on = (Index(("contract", "work_type"), unique=True), Index(("work_type",)))


class CoveredAsset(TenantTable, schema="contracts", tablename="covered_asset"):
    """An asset whose work a contract covers."""

    contract = Ref("contracts", on_delete="cascade")
    asset = Ref("assets", on_delete="cascade")

    index_on = (Index(("contract", "asset"), unique=True), Index(("asset",)))


class RateCard(TenantTable, schema="contracts", tablename="rate_card"):
    """Hourly rates that contracts share."""

    name = Text()
    description = Text(default="")
    is_default = Boolean(default=False, help_text="New contracts take it")

    index_on = (Index(("lower(name)",), unique=True), Index(("is_default",), unique=True, where="is_default"))
    checks = ("name <> ''",)


class RateCardVersion(TenantTable, schema="contracts", tablename="rate_card_version"):
    """The rates of a card from a date on (CON-20)."""

    rate_card = Ref("rate-cards", on_delete="cascade")
    starts_on = Date()
    note = Text(default="")

    index_on = (Index(("rate_card", "starts_on"), unique=True),)


class RateCardItem(TenantTable, schema="contracts", tablename="rate_card_item"):
    """The rates of a type of work, or of all work that has none of its own."""

    version_of_card = Ref("rate-card-versions", on_delete="cascade")
    work_type = Ref("work-types", null=True, on_delete="cascade")
    hourly_rate = Decimal(digits=(12, 4))
    after_hours_rate = Decimal(digits=(12, 4), null=True)
    emergency_rate = Decimal(digits=(12, 4), null=True, help_text="For work whose type has a premium")

    index_on = (
        Index(
            ("version_of_card", "coalesce(work_type, '00000000-0000-0000-0000-000000000000')"), unique=True
        ),
    )
    checks = (
        "hourly_rate >= 0",
        "after_hours_rate >= hourly_rate",
        "emergency_rate >= hourly_rate",
    )


AGREEMENTS = (
    RateCard,
    RateCardVersion,
    RateCardItem,
    Contract,
    ContractItem,
    ItemRevision,
    ContractTerm,
    ContractVersion,
    ContractAlert,
    ExcludedWork,
    CoveredAsset,
)
