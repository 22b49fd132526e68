"""What service levels store: business hours, holidays, policies and their targets."""

from typing import ClassVar

from psa_sdk.tables import (
    UUID,
    Boolean,
    Choice,
    Decimal,
    Index,
    Instant,
    Json,
    Ref,
    Tags,
    TenantTable,
    Text,
)


class BusinessHours(TenantTable, schema="sla", tablename="business_hours"):
    """When a team works: windows by weekday in a zone, less the holidays of its calendars."""

    name = Text()
    description = Text(null=True)
    timezone = Text(help_text="IANA name")
    schedule = Json(help_text="Windows by weekday; an end not after its start is on the next day")

    index_on = (Index(("lower(name)",), unique=True),)


class HolidayCalendar(TenantTable, schema="sla", tablename="holiday_calendar"):
    """Days on which nobody works, or less than usual."""

    name = Text()
    description = Text(null=True)
    holidays = Json(default=[])

    index_on = (Index(("lower(name)",), unique=True),)


class HoursHolidays(TenantTable, schema="sla", tablename="hours_holidays"):
    """Which holiday calendars business hours keep."""

    hours = Ref("business-hours", on_delete="cascade")
    calendar = Ref("holiday-calendars")

    index_on = (Index(("hours", "calendar"), unique=True), Index(("calendar",)))


class CalendarVersion(TenantTable, schema="sla", tablename="calendar_version"):
    """What business hours meant from an instant on; elapsed stretches of clocks keep theirs (SLA-14)."""

    hours = UUID()
    effective_at = Instant()
    definition = Json(help_text="A psa_sla.business_time.Calendar")

    append_only: ClassVar[bool] = True
    index_on = (Index(("hours", "effective_at")),)


class SlaPolicy(TenantTable, schema="sla", tablename="policy"):
    """A promise: how soon to respond and to resolve, counted in which hours, paused by what."""

    name = Text()
    description = Text(null=True)
    is_default = Boolean(default=False)
    business_hours = Ref("business-hours")
    pause_waiting_customer = Boolean(default=True)
    pause_waiting_third_party = Boolean(default=False)
    pause_scheduled = Boolean(default=False)
    reopen = Choice("continue", "new_cycle", default="continue")
    warnings = Tags(help_text="Percentages of the target, or minutes of business time before it: 80%, 60m")

    index_on = (
        Index(("lower(name)",), unique=True),
        Index(("is_default",), unique=True, where="is_default"),
        Index(("business_hours",)),
    )


class SlaTarget(TenantTable, schema="sla", tablename="target"):
    """The hours of a policy for a priority and perhaps a type; without priority the base for all others (SLA-06)."""

    sla_policy = Ref("sla-policies", on_delete="cascade")
    priority = Ref("ticket-priorities", null=True, on_delete="cascade")
    ticket_type = Ref("ticket-types", null=True, on_delete="cascade")
    first_response_hours = Decimal(digits=(8, 4), null=True)
    resolution_hours = Decimal(digits=(8, 4), null=True)
    operational_hours = Choice("business_hours", "24x7", default="business_hours")

    index_on = (
        Index(
            (
                "sla_policy",
                "coalesce(priority, '00000000-0000-0000-0000-000000000000')",
                "coalesce(ticket_type, '00000000-0000-0000-0000-000000000000')",
            ),
            unique=True,
        ),
    )
    checks = (
        "first_response_hours > 0",
        "resolution_hours > 0",
        "first_response_hours <= resolution_hours",
    )


class CompanyPolicy(TenantTable, schema="sla", tablename="company_policy"):
    """The policy of a client; its subsidiaries inherit it unless they say otherwise."""

    company = Ref("companies", on_delete="cascade")
    sla_policy = Ref("sla-policies", null=True, on_delete="set_null")
    inherit_sla = Boolean(default=True, help_text="Without a policy of its own, the parent company's holds")

    index_on = (Index(("company",), unique=True), Index(("sla_policy",)))


ALL = (
    BusinessHours,
    HolidayCalendar,
    HoursHolidays,
    CalendarVersion,
    SlaPolicy,
    SlaTarget,
    CompanyPolicy,
)
