"""The bridge between automation and service levels."""

import datetime
from uuid import UUID

from psa_automation.api import RULES, Automatable, Automation, Occasion, OccasionField, WorkingTime
from psa_sdk import Change, Context, Manifest, before, hookimpl, on, provide
from psa_sdk.errors import Invalid
from psa_sla.api import POLICIES, BusinessCalendars, SlaBreached, SlaWarning

TICKETS = "tickets"
CLOCK = OccasionField(name="sla.clock", title="SLA clock", kind="choice", choices=("response", "resolution"))
BREACH = 100


@hookimpl
def psa_automatable() -> Automatable:
    """Return what service levels let rules for tickets wait for."""
    return Automatable(
        resource=TICKETS,
        occasions=(
            Occasion(name="sla_warning", title="An SLA target is near", fields=(CLOCK,)),
            Occasion(name="sla_breached", title="An SLA target was missed", fields=(CLOCK,)),
            Occasion(
                name="sla_level", title="A part of the SLA's time is over", fields=(CLOCK,), levels=True
            ),
        ),
    )


class CalendarWorkingTime:
    """Implements `psa_automation.api.WorkingTime` with the calendars of service levels."""

    def __init__(self, ctx: Context) -> None:
        """Work within a unit of work."""
        self._ctx = ctx

    async def after(
        self, resource: str, id: UUID, start: datetime.datetime, minutes: int
    ) -> datetime.datetime:
        """Return the instant after some business minutes of the record's company."""
        calendars = self._ctx.service(BusinessCalendars)
        row = await self._ctx.as_system().records.get(resource, id)
        company = row["id"] if resource == "companies" else row.get("company")
        hours = (await calendars.of_companies([company]))[company] if company else await calendars.hours()
        return hours.add(start, datetime.timedelta(minutes=minutes))


async def _check_level(ctx: Context, change: Change) -> None:
    """Refuse a rule for a level that no policy tells of: it would never run."""
    if change.value("trigger_type") != "sla_level":
        return
    level = change.value("trigger_options").get("level")
    policies = await ctx.as_system().records.find(POLICIES, limit=1000)
    if level != BREACH and not any(f"{level}%" in policy["warnings"] for policy in policies):
        raise Invalid(
            f"No SLA policy warns at {level} %, so the rule would never run; add {level}% to a policy's warnings.",
            code="unheard_level",
            pointer="/data/attributes/trigger_options/level",
        )


@before(RULES, "create")
async def check_new_rule(ctx: Context, change: Change) -> None:
    """Check the level of a new rule."""
    await _check_level(ctx, change)


@before(RULES, "update")
async def check_changed_rule(ctx: Context, change: Change) -> None:
    """Check the level of a rule whose trigger changes."""
    if change.changes("trigger_type") or change.changes("trigger_options"):
        await _check_level(ctx, change)


@on(SlaWarning)
async def run_warning_rules(ctx: Context, event: SlaWarning) -> None:
    """Run the rules for a threshold, once for each cycle of the clock; a percentage is a level too (TIC-51)."""
    values, cycle = {"sla.clock": event.clock}, f"sla:{event.clock}:{event.cycle}"
    automation = ctx.service(Automation)
    await automation.tell(
        TICKETS, event.ticket_id, "sla_warning", values=values, cycle=f"{cycle}:{event.threshold}"
    )
    if event.threshold.endswith("%"):
        level = int(float(event.threshold.removesuffix("%")))
        await automation.tell(TICKETS, event.ticket_id, "sla_level", values=values, level=level, cycle=cycle)


@on(SlaBreached)
async def run_breach_rules(ctx: Context, event: SlaBreached) -> None:
    """Run the rules for a missed target."""
    values, cycle = {"sla.clock": event.clock}, f"sla:{event.clock}:{event.cycle}"
    automation = ctx.service(Automation)
    await automation.tell(TICKETS, event.ticket_id, "sla_breached", values=values, cycle=cycle)
    await automation.tell(TICKETS, event.ticket_id, "sla_level", values=values, level=BREACH, cycle=cycle)


@hookimpl
def psa_manifest() -> Manifest:
    """Return the table of contents."""
    return Manifest(
        name="automation.sla",
        title="Automation of service levels",
        description="Rules that wait for SLA warnings and breaches; business calendars for time-based rules.",
        requires=("automation", "sla"),
        subscribers=(run_warning_rules, run_breach_rules),
        interceptors=(check_new_rule, check_changed_rule),
        services=(provide(WorkingTime, CalendarWorkingTime),),
    )
