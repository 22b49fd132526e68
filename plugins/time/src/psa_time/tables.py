"""What time tracking stores: entries, timers, timesheets, and what they are priced, rounded and approved by."""

import decimal

from psa_sdk.tables import (
    UUID,
    Boolean,
    Choice,
    Date,
    Decimal,
    Index,
    Instant,
    Integer,
    Json,
    Ref,
    TenantTable,
    Text,
)

RATE_ORIGINS = ("entry", "contract", "project", "company", "user", "work_type", "tenant", "none")
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class WorkType(TenantTable, schema="time", tablename="work_type"):
    """What sort of work it was, and what follows for its price."""

    name = Text()
    description = Text(null=True)
    default_billable = Boolean(default=True)
    default_rate = Decimal(digits=(12, 4), null=True, help_text="Per hour, where nothing closer has one")
    rate_multiplier = Decimal(
        digits=(6, 3), default=decimal.Decimal(1), help_text="A premium on the rate; the highest premium wins"
    )
    rounding_rule = Ref("rounding-rules", null=True, on_delete="set_null")
    is_active = Boolean(default=True)
    sort_order = Integer(default=0)

    index_on = (Index(("lower(name)",), unique=True),)
    checks = ("default_rate >= 0", "rate_multiplier >= 1")


class RoundingRule(TenantTable, schema="time", tablename="rounding_rule"):
    """How worked minutes become billable ones."""

    name = Text()
    increment_minutes = Integer(default=15)
    rounding_method = Choice("up", "down", "nearest", default="up")
    minimum_minutes = Integer(default=0)
    scope = Choice("entry", "ticket", "ticket_day", default="entry", help_text="What is rounded together")
    is_default = Boolean(default=False)

    index_on = (Index(("lower(name)",), unique=True), Index(("is_default",), unique=True, where="is_default"))
    checks = ("increment_minutes BETWEEN 1 AND 1440", "minimum_minutes BETWEEN 0 AND 1440")


class HourlyRate(TenantTable, schema="time", tablename="hourly_rate"):
    """The rate of a user, a company or a project, for all work or one type, from a date on."""

    account = Ref("users", null=True, on_delete="cascade")
    company = Ref("companies", null=True, on_delete="cascade")
    project = Ref("projects", null=True, on_delete="cascade")
    work_type = Ref("work-types", null=True, on_delete="cascade")
    hourly_rate = Decimal(digits=(12, 4))
    starts_on = Date()

    company_key = ""
    index_on = (
        Index(
            (
                "coalesce(account, company, project)",
                "coalesce(work_type, '00000000-0000-0000-0000-000000000000')",
                "starts_on",
            ),
            unique=True,
        ),
    )
    checks = ("num_nonnulls(account, company, project) = 1", "hourly_rate >= 0")


class TimeEntry(TenantTable, schema="time", tablename="entry"):
    """Work of one person on one local date. Worked minutes are facts, billable minutes are priced (TIME-02)."""

    account = Ref("users")
    date = Date(help_text="The date in the user's zone")
    start_time = Text(null=True, help_text="Clock time in the entry's zone")
    end_time = Text(null=True)
    started_at = Instant(null=True)
    ended_at = Instant(null=True)
    timezone = Text()
    duration_minutes = Integer(help_text="Worked minutes")
    billable_minutes = Integer(default=0)
    work_type = Ref("work-types")
    ticket = Ref("tickets", null=True)
    project = Ref("projects", null=True)
    task = Ref("project-tasks", null=True)
    company = Ref("companies")
    contract = Ref("contracts", null=True)
    notes = Text(default="")
    internal_notes = Text(default="")
    is_billable = Boolean(default=True)
    is_no_charge = Boolean(default=False, help_text="Shown on the invoice at 0.00")
    rate_override = Decimal(digits=(12, 4), null=True)
    hourly_rate = Decimal(digits=(12, 4), null=True)
    rate_source = Choice(*RATE_ORIGINS, default="none")
    segments = Json(default=[], help_text="Billable minutes by multiple of the rate")
    total_amount = Decimal(digits=(14, 4), default=decimal.Decimal(0))
    currency = Text()
    rounding_rule = Ref("rounding-rules", null=True, on_delete="set_null")
    rounding = Json(help_text="The rule as it was when the entry was priced")
    session = UUID(null=True, help_text="Entries cut out of one stretch of work share it")
    timer = Ref("timers", null=True, on_delete="set_null")
    timesheet = Ref("timesheets", null=True, on_delete="set_null")
    needs_review = Boolean(default=False)
    review_reason = Choice("overlap", "day_cap", "forgotten_timer", null=True)
    approval_status = Choice("draft", "submitted", "approved", default="draft")
    rejection_reason = Text(null=True)
    approved_by = Ref("users", null=True, on_delete="set_null")
    approved_at = Instant(null=True)
    billing_status = Choice("not_billed", "ready_to_bill", "billed", default="not_billed")
    invoice = Ref("invoices", null=True)
    invoice_line = UUID(null=True)

    index_on = (
        Index(("account", "date", "id")),
        Index(("account", "started_at"), where="started_at IS NOT NULL"),
        Index(("ticket",), where="ticket IS NOT NULL"),
        Index(("project",), where="project IS NOT NULL"),
        Index(("session",), where="session IS NOT NULL"),
        Index(("invoice",), where="invoice IS NOT NULL"),
        Index(("contract", "date"), where="contract IS NOT NULL"),
        Index(("company", "date", "id"), where="billing_status = 'ready_to_bill'"),
    )
    checks = (
        "duration_minutes BETWEEN 0 AND 1500",
        "billable_minutes >= 0",
        "(started_at IS NULL) = (ended_at IS NULL)",
        "ended_at >= started_at",
        "NOT is_no_charge OR is_billable",
        "(billing_status = 'billed') = (invoice IS NOT NULL)",
        "billing_status = 'not_billed' OR approval_status = 'approved'",
        "(approval_status = 'approved') = (approved_at IS NOT NULL)",
    )


class Timer(TenantTable, schema="time", tablename="timer"):
    """A stopwatch of a user; its segments are the finished stretches, `running_since` begins the present one."""

    account = Ref("users", on_delete="cascade")
    state = Choice("running", "paused", "stopped", default="paused")
    running_since = Instant(null=True)
    first_started_at = Instant()
    stopped_at = Instant(null=True)
    segments = Json(default=[], help_text="Pairs of instants")
    work_type = Ref("work-types", null=True, on_delete="set_null")
    ticket = Ref("tickets", null=True)
    project = Ref("projects", null=True)
    task = Ref("project-tasks", null=True)
    company = Ref("companies", null=True)
    notes = Text(default="")
    needs_review = Boolean(default=False)
    reminded_at = Instant(null=True)

    company_key = ""
    index_on = (
        Index(("account",), unique=True, where="state = 'running'"),
        Index(("running_since",), where="state = 'running'"),
        Index(("ticket",), where="ticket IS NOT NULL"),
    )
    checks = (
        "(state = 'running') = (running_since IS NOT NULL)",
        "(state = 'stopped') = (stopped_at IS NOT NULL)",
    )


class Timesheet(TenantTable, schema="time", tablename="timesheet"):
    """A user's week, handed in and decided upon."""

    account = Ref("users")
    start_date = Date()
    end_date = Date()
    status = Choice("open", "submitted", "approved", default="open")
    submitted_at = Instant(null=True)
    decided_at = Instant(null=True)
    decided_by = Ref("users", null=True, on_delete="set_null")
    rejection_reason = Text(null=True)

    index_on = (Index(("account", "start_date"), unique=True), Index(("status", "start_date", "id")))
    checks = ("end_date >= start_date",)


class ApprovalDelegation(TenantTable, schema="time", tablename="approval_delegation"):
    """Who decides on timesheets in somebody's place while they are away; both dates included."""

    approver = Ref("users", on_delete="cascade")
    delegate = Ref("users", on_delete="cascade")
    starts_on = Date()
    ends_on = Date()

    index_on = (Index(("delegate", "ends_on")),)
    checks = ("ends_on >= starts_on", "approver <> delegate")


class WorkSchedule(TenantTable, schema="time", tablename="work_schedule"):
    """How many minutes a user works on each weekday, from a date on: part-timers and starters (TIME-38)."""

    account = Ref("users", on_delete="cascade")
    starts_on = Date()
    ends_on = Date(null=True)
    monday = Integer(default=480)
    tuesday = Integer(default=480)
    wednesday = Integer(default=480)
    thursday = Integer(default=480)
    friday = Integer(default=480)
    saturday = Integer(default=0)
    sunday = Integer(default=0)

    index_on = (Index(("account", "starts_on"), unique=True),)
    checks = (*(f"{day} BETWEEN 0 AND 1440" for day in WEEKDAYS), "ends_on >= starts_on")


class EntryTemplate(TenantTable, schema="time", tablename="entry_template"):
    """Values that a new entry can start from; without an owner it is everybody's."""

    name = Text()
    owner = Ref("users", null=True, on_delete="cascade")
    work_type = Ref("work-types", null=True, on_delete="set_null")
    company = Ref("companies", null=True, on_delete="cascade")
    project = Ref("projects", null=True, on_delete="set_null")
    duration_minutes = Integer(null=True)
    notes = Text(default="")
    is_billable = Boolean(default=True)

    company_key = ""
    index_on = (Index(("owner", "lower(name)")),)
    checks = ("duration_minutes BETWEEN 1 AND 1440",)


ALL = (
    WorkType,
    RoundingRule,
    HourlyRate,
    TimeEntry,
    Timer,
    Timesheet,
    ApprovalDelegation,
    WorkSchedule,
    EntryTemplate,
)
