"""Entries, timers, timesheets and their lists as the API shows them."""

from psa_sdk import Resource, ToOne, Who
from psa_sdk.tables import Condition, QueryString
from psa_time import entry_rules, list_rules, shapes
from psa_time.tables import (
    ApprovalDelegation,
    EntryTemplate,
    HourlyRate,
    RoundingRule,
    TimeEntry,
    Timer,
    Timesheet,
    WorkSchedule,
    WorkType,
)


def team_of(table: str, who: Who) -> Condition | QueryString:
    """What belongs to people who share a team with somebody, and to themselves."""
    return QueryString(
        f'("{table}".account = {{}} OR "{table}".account IN (SELECT m.account FROM psa.team_member m'
        " WHERE m.tenant_id = psa.current_tenant() AND m.team = ANY({}::uuid[])))",
        who.id,
        list(who.team_ids),
    )


work_types = Resource(
    name="work-types",
    title="Work types",
    table=WorkType,
    read=shapes.WorkTypeRead,
    write=shapes.WorkTypeWrite,
    relations=(ToOne("rounding_rule", "rounding-rules", WorkType.rounding_rule),),
    filters=(WorkType.name, WorkType.is_active, WorkType.default_billable),
    sorts=(WorkType.sort_order, WorkType.name, WorkType.created_at),
    default_sort="sort_order",
    label=WorkType.name,
)

rounding_rules = Resource(
    name="rounding-rules",
    title="Rounding rules",
    table=RoundingRule,
    read=shapes.RoundingRead,
    write=shapes.RoundingWrite,
    filters=(RoundingRule.name, RoundingRule.is_default),
    sorts=(RoundingRule.name, RoundingRule.created_at),
    default_sort="name",
    label=RoundingRule.name,
    before_create=list_rules.replace_default,
    before_update=list_rules.replace_default,
)

hourly_rates = Resource(
    name="hourly-rates",
    title="Hourly rates",
    table=HourlyRate,
    read=shapes.RateRead,
    write=shapes.RateWrite,
    relations=(
        ToOne("user", "users", HourlyRate.account),
        ToOne("company", "companies", HourlyRate.company),
        ToOne("project", "projects", HourlyRate.project),
        ToOne("work_type", "work-types", HourlyRate.work_type),
    ),
    filters=(HourlyRate.account, HourlyRate.company, HourlyRate.work_type),
    sorts=(HourlyRate.starts_on, HourlyRate.created_at),
    default_sort="-starts_on",
    before_create=list_rules.check_rate,
    before_update=list_rules.check_rate,
)

entries = Resource(
    name="time-entries",
    title="Time entries",
    description="Work of one person on one date.",
    table=TimeEntry,
    read=shapes.EntryRead,
    write=shapes.EntryWrite,
    relations=(
        ToOne("user", "users", TimeEntry.account),
        ToOne("work_type", "work-types", TimeEntry.work_type, required=True),
        ToOne("ticket", "tickets", TimeEntry.ticket, inverse="time-entries"),
        ToOne("project", "projects", TimeEntry.project, inverse="time-entries"),
        ToOne("task", "project-tasks", TimeEntry.task, inverse="time-entries"),
        ToOne("company", "companies", TimeEntry.company, inverse="time-entries"),
        ToOne("contract", "contracts", TimeEntry.contract, inverse="time-entries", writable=False),
        ToOne("rounding_rule", "rounding-rules", TimeEntry.rounding_rule, writable=False),
        ToOne("timer", "timers", TimeEntry.timer, writable=False),
        ToOne("timesheet", "timesheets", TimeEntry.timesheet, inverse="entries", writable=False),
        ToOne("approved_by", "users", TimeEntry.approved_by, writable=False),
        ToOne("invoice", "invoices", TimeEntry.invoice, inverse="time-entries", writable=False),
    ),
    filters=(
        TimeEntry.account,
        TimeEntry.date,
        TimeEntry.work_type,
        TimeEntry.ticket,
        TimeEntry.project,
        TimeEntry.company,
        TimeEntry.contract,
        TimeEntry.invoice,
        TimeEntry.session,
        TimeEntry.is_billable,
        TimeEntry.approval_status,
        TimeEntry.billing_status,
        TimeEntry.needs_review,
    ),
    sorts=(TimeEntry.date, TimeEntry.created_at),
    default_sort="-date",
    search=(TimeEntry.notes,),
    scopes={
        "own": lambda who: TimeEntry.account == who.id,
        "team": lambda who: team_of("entry", who),
    },
    before_create=entry_rules.write_new,
    before_update=entry_rules.write_edit,
    before_delete=entry_rules.write_delete,
    after_write=entry_rules.settle_session,
)

timers = Resource(
    name="timers",
    title="Timers",
    table=Timer,
    read=shapes.TimerRead,
    verbs=frozenset(("list", "get")),
    relations=(
        ToOne("user", "users", Timer.account, writable=False),
        ToOne("work_type", "work-types", Timer.work_type, writable=False),
        ToOne("ticket", "tickets", Timer.ticket, inverse="timers", writable=False),
        ToOne("project", "projects", Timer.project, writable=False),
        ToOne("task", "project-tasks", Timer.task, writable=False),
        ToOne("company", "companies", Timer.company, writable=False),
    ),
    filters=(Timer.account, Timer.state, Timer.ticket, Timer.needs_review),
    sorts=(Timer.first_started_at, Timer.created_at),
    default_sort="-first_started_at",
    scopes={"own": lambda who: Timer.account == who.id, "team": lambda who: team_of("timer", who)},
)

timesheets = Resource(
    name="timesheets",
    title="Timesheets",
    table=Timesheet,
    read=shapes.SheetRead,
    verbs=frozenset(("list", "get")),
    relations=(
        ToOne("user", "users", Timesheet.account, writable=False),
        ToOne("decided_by", "users", Timesheet.decided_by, writable=False),
    ),
    filters=(Timesheet.account, Timesheet.status, Timesheet.start_date),
    sorts=(Timesheet.start_date, Timesheet.created_at),
    default_sort="-start_date",
    scopes={"own": lambda who: Timesheet.account == who.id, "team": lambda who: team_of("timesheet", who)},
)

delegations = Resource(
    name="approval-delegations",
    title="Approval delegations",
    table=ApprovalDelegation,
    read=shapes.DelegationRead,
    write=shapes.DelegationWrite,
    relations=(
        ToOne("approver", "users", ApprovalDelegation.approver),
        ToOne("delegate", "users", ApprovalDelegation.delegate, required=True),
    ),
    filters=(ApprovalDelegation.approver, ApprovalDelegation.delegate),
    sorts=(ApprovalDelegation.starts_on, ApprovalDelegation.created_at),
    default_sort="-starts_on",
    scopes={"own": lambda who: ApprovalDelegation.approver == who.id},
    before_create=list_rules.check_delegation,
    before_update=list_rules.check_delegation,
)

schedules = Resource(
    name="work-schedules",
    title="Work schedules",
    table=WorkSchedule,
    read=shapes.ScheduleRead,
    write=shapes.ScheduleWrite,
    relations=(ToOne("user", "users", WorkSchedule.account, required=True),),
    filters=(WorkSchedule.account,),
    sorts=(WorkSchedule.starts_on, WorkSchedule.created_at),
    default_sort="-starts_on",
    scopes={"own": lambda who: WorkSchedule.account == who.id},
)

templates = Resource(
    name="time-entry-templates",
    title="Time entry templates",
    table=EntryTemplate,
    read=shapes.TemplateRead,
    write=shapes.TemplateWrite,
    relations=(
        ToOne("owner", "users", EntryTemplate.owner),
        ToOne("work_type", "work-types", EntryTemplate.work_type),
        ToOne("company", "companies", EntryTemplate.company),
        ToOne("project", "projects", EntryTemplate.project),
    ),
    filters=(EntryTemplate.name, EntryTemplate.owner),
    sorts=(EntryTemplate.name, EntryTemplate.created_at),
    default_sort="name",
    label=EntryTemplate.name,
    scopes={
        "own": lambda who: EntryTemplate.owner == who.id,
        "usable": lambda who: (EntryTemplate.owner == who.id) | EntryTemplate.owner.is_null(),
    },
)

ALL = (
    work_types,
    rounding_rules,
    hourly_rates,
    entries,
    timers,
    timesheets,
    delegations,
    schedules,
    templates,
)
