"""Business hours, holiday calendars, policies and targets as the API shows them."""

from psa_sdk import Extension, ManyToMany, Resource, ToOne
from psa_sla import policy_rules, shapes
from psa_sla.tables import (
    BusinessHours,
    CompanyPolicy,
    HolidayCalendar,
    HoursHolidays,
    SlaPolicy,
    SlaTarget,
)

business_hours = Resource(
    name="business-hours",
    title="Business hours",
    description="When a team works: windows by weekday in a zone, less holidays.",
    table=BusinessHours,
    read=shapes.BusinessHoursRead,
    write=shapes.BusinessHoursWrite,
    relations=(
        ManyToMany(
            "holidays",
            "holiday-calendars",
            HoursHolidays.hours,
            HoursHolidays.calendar,
            inverse="business_hours",
            before_change=policy_rules.lock_hours,
        ),
    ),
    filters=(BusinessHours.name, BusinessHours.timezone),
    sorts=(BusinessHours.name, BusinessHours.created_at),
    default_sort="name",
    search=(BusinessHours.name,),
    label=BusinessHours.name,
    before_create=policy_rules.write_hours,
    before_update=policy_rules.write_hours,
    before_delete=policy_rules.keep_used_hours,
    after_write=policy_rules.version_hours,
)

holiday_calendars = Resource(
    name="holiday-calendars",
    title="Holiday calendars",
    description="Days on which nobody works, or less than usual.",
    table=HolidayCalendar,
    read=shapes.HolidayCalendarRead,
    write=shapes.HolidayCalendarWrite,
    filters=(HolidayCalendar.name,),
    sorts=(HolidayCalendar.name, HolidayCalendar.created_at),
    default_sort="name",
    search=(HolidayCalendar.name,),
    label=HolidayCalendar.name,
    before_create=policy_rules.write_holidays,
    before_update=policy_rules.write_holidays,
    before_delete=policy_rules.keep_used_calendar,
    after_write=policy_rules.version_holidays,
)

policies = Resource(
    name="sla-policies",
    title="SLA policies",
    description="Promises: how soon to respond and to resolve, in which hours, paused by what.",
    table=SlaPolicy,
    read=shapes.PolicyRead,
    write=shapes.PolicyWrite,
    relations=(
        ToOne(
            "business_hours",
            "business-hours",
            SlaPolicy.business_hours,
            required=True,
            inverse="sla_policies",
        ),
    ),
    filters=(SlaPolicy.name, SlaPolicy.is_default, SlaPolicy.business_hours),
    sorts=(SlaPolicy.name, SlaPolicy.created_at),
    default_sort="name",
    search=(SlaPolicy.name,),
    label=SlaPolicy.name,
    before_create=policy_rules.write_policy,
    before_update=policy_rules.write_policy,
)

targets = Resource(
    name="sla-targets",
    title="SLA targets",
    description="The hours of a policy for a priority and perhaps a type; without priority, for all others.",
    table=SlaTarget,
    read=shapes.TargetRead,
    write=shapes.TargetWrite,
    relations=(
        ToOne("sla_policy", "sla-policies", SlaTarget.sla_policy, required=True, inverse="targets"),
        ToOne("priority", "ticket-priorities", SlaTarget.priority),
        ToOne("ticket_type", "ticket-types", SlaTarget.ticket_type),
    ),
    filters=(SlaTarget.sla_policy, SlaTarget.priority, SlaTarget.ticket_type),
    sorts=(SlaTarget.created_at, SlaTarget.first_response_hours, SlaTarget.resolution_hours),
    default_sort="created_at",
    before_create=policy_rules.write_target,
    before_update=policy_rules.write_target,
)

company_policy = Extension(
    resource="companies",
    table=CompanyPolicy,
    column=CompanyPolicy.company,
    read=shapes.CompanyPolicyShape,
    write=shapes.CompanyPolicyShape,
    relations=(ToOne("sla_policy", "sla-policies", CompanyPolicy.sla_policy),),
    filters=(CompanyPolicy.sla_policy,),
)

ALL = (business_hours, holiday_calendars, policies, targets)
EXTENSIONS = (company_policy,)
