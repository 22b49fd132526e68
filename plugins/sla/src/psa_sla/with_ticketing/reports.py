"""Reports: how many promises were kept, by whom and for whom, and which were not."""

import datetime
from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from psa_sdk import Answer, AnswerList, Context, get
from psa_sdk.documents import Documents
from psa_sdk.errors import Invalid
from psa_sla import clock
from psa_sla.with_ticketing import standings
from psa_sla.with_ticketing.shapes import BreachRow, ComplianceRow

READ = "sla.reports.read"
MOST_DAYS = 1100
GROUPS: Mapping[str, tuple[str, str]] = {
    "none": ("NULL::uuid", ""),
    "company": ("t.company", "companies"),
    "queue": ("t.queue", "ticket-queues"),
    "priority": ("t.priority", "ticket-priorities"),
    "ticket_type": ("t.ticket_type", "ticket-types"),
    "assigned_to": ("t.assigned_to", "users"),
    "sla_policy": ("s.sla_policy", "sla-policies"),
}
COMPLIANCE = """
SELECT {group} AS key, c.clock, count(*)::int AS tickets, count(*) FILTER (WHERE c.state = 'met')::int AS met,
    count(*) FILTER (WHERE c.state = 'breached' OR c.due_at < $3)::int AS breached,
    count(*) FILTER (WHERE (c.state = 'breached' OR c.due_at < $3) AND {open})::int AS open_overdue,
    count(*) FILTER (WHERE c.state IN ('running', 'paused') AND (c.due_at IS NULL OR c.due_at >= $3))::int
        AS open_in_time
FROM ticketing.ticket t JOIN sla.ticket_sla s ON s.tenant_id = t.tenant_id AND s.ticket = t.id
CROSS JOIN LATERAL (VALUES ('response', s.sla_response_state, s.sla_response_due_at, t.first_response_at),
    ('resolution', s.sla_resolution_state, s.sla_resolution_due_at, NULL)) AS c(clock, state, due_at, answered_at)
WHERE t.created_at >= $1 AND t.created_at < $2 AND c.state <> 'none'
    AND ($4::uuid IS NULL OR t.company = $4) AND ($5::uuid IS NULL OR t.queue = $5)
GROUP BY 1, 2 ORDER BY 1 NULLS LAST, 2"""
STILL_OPEN = "t.resolved_at IS NULL AND t.closed_at IS NULL AND c.answered_at IS NULL"
BREACHES = """
SELECT n.ticket, n.clock, n.cycle, n.at, t.number, t.title, t.company, t.assigned_to
FROM sla.clock_notice n JOIN ticketing.ticket t ON t.tenant_id = n.tenant_id AND t.id = n.ticket
WHERE n.threshold = '100%' AND n.at >= $1 AND n.at < $2 AND t.merged_into IS NULL
    AND t.status NOT IN (SELECT id FROM ticketing.status WHERE category IN ('merged', 'spam'))
    AND ($3::uuid IS NULL OR t.company = $3) AND ($4::uuid IS NULL OR t.queue = $4)
ORDER BY n.at DESC, n.id LIMIT $5"""


class Period(msgspec.Struct, kw_only=True):
    """Both dates are included, in the tenant's zone; company and queue narrow the report."""

    start_date: datetime.date
    end_date: datetime.date
    company: UUID | None = None
    queue: UUID | None = None

    def instants(self, zone: datetime.tzinfo) -> tuple[datetime.datetime, datetime.datetime]:
        """Return the period as instants; raises `Invalid` where it ends before it begins, or is too long."""
        days = (self.end_date - self.start_date).days
        if not 0 <= days <= MOST_DAYS:
            raise Invalid(
                f"The period must end after it begins and be at most {MOST_DAYS} days long.",
                code="bad_period",
                parameter="end_date",
            )
        first, last = self.start_date, self.end_date + datetime.timedelta(days=1)
        return (
            datetime.datetime(first.year, first.month, first.day, tzinfo=zone),
            datetime.datetime(last.year, last.month, last.day, tzinfo=zone),
        )


class ComplianceQuery(Period, kw_only=True):
    """What the rows are grouped by."""

    group: Literal["none", "company", "queue", "priority", "ticket_type", "assigned_to", "sla_policy"] = (
        "none"
    )


class BreachQuery(Period, kw_only=True):
    """How many, the latest first."""

    limit: Annotated[int, Meta(ge=1, le=500)] = 100


def percent(met: int, breached: int) -> Decimal | None:
    """Return compliance in percent with two decimals, None where nothing was decided (SLA-28).

    Example:
        >>> percent(14, 3)
        Decimal('82.35')
    """
    if not met + breached:
        return None
    return (Decimal(100) * met / (met + breached)).quantize(Decimal("0.01"), ROUND_HALF_UP)


async def compliance_of(ctx: Context, query: ComplianceQuery) -> list[ComplianceRow]:
    """Return compliance of the tickets opened in a period, by group and clock; merged and spam are left out."""
    group, resource = GROUPS[query.group]
    start, end = query.instants(ctx.timezone)
    sql = COMPLIANCE.format(group=group, open=STILL_OPEN)
    rows = await ctx.db.fetch(sql, start, end, ctx.now, query.company, query.queue)
    names: Mapping[UUID, str] = {}
    if resource:
        keys = list({row["key"] for row in rows if row["key"] is not None})
        names = await ctx.service(Documents).names(resource, keys)
    return [
        ComplianceRow(
            group=row["key"],
            label=names.get(row["key"], ""),
            clock=row["clock"],
            tickets=row["tickets"],
            met=row["met"],
            breached=row["breached"],
            open_overdue=row["open_overdue"],
            open_in_time=row["open_in_time"],
            compliance_percent=percent(row["met"], row["breached"]),
        )
        for row in rows
    ]


async def breaches_of(ctx: Context, query: BreachQuery) -> list[BreachRow]:
    """Return the breaches of a period, the latest first."""
    start, end = query.instants(ctx.timezone)
    rows = await ctx.db.fetch(BREACHES, start, end, query.company, query.queue, query.limit)
    kept = await standings.kept_of(ctx, list({row["ticket"] for row in rows}))
    companies = list({row["company"] for row in rows if row["company"] is not None})
    names = await ctx.service(Documents).names("companies", companies)
    return [_breach(ctx, row, kept, names) for row in rows]


def _breach(ctx: Context, row: Any, kept: Mapping[UUID, Any], names: Mapping[UUID, str]) -> BreachRow:
    found = kept[row["ticket"]].clocks[row["clock"]]
    over = datetime.timedelta(0)
    is_open = False
    if found.cycle == row["cycle"] and found.log:
        over = -(clock.remaining(found.stretches, ctx.now) or datetime.timedelta(0))
        is_open = found.log[-1].state in ("running", "paused")
    return BreachRow(
        ticket=row["ticket"],
        ticket_number=f"T{row['number']:06}",
        title=row["title"],
        company=row["company"],
        company_name=names.get(row["company"], ""),
        assigned_to=row["assigned_to"],
        clock=row["clock"],
        cycle=row["cycle"],
        breached_at=row["at"],
        overdue_seconds=max(int(over.total_seconds()), 0),
        is_open=is_open,
    )


@get("/sla/reports/compliance", permission=READ, returns=ComplianceRow, answer_type="sla-compliance")
async def compliance(ctx: Context, query: ComplianceQuery) -> AnswerList:
    """Which part of the promises was kept, by group and clock."""
    return _list("sla-compliance", await compliance_of(ctx, query))


@get("/sla/reports/breaches", permission=READ, returns=BreachRow, answer_type="sla-breaches")
async def breaches(ctx: Context, query: BreachQuery) -> AnswerList:
    """Which promises were broken, and by how much."""
    return _list("sla-breaches", await breaches_of(ctx, query))


def _list(type: str, rows: Sequence[msgspec.Struct]) -> AnswerList:
    return AnswerList(
        items=[Answer(type=type, id=str(number), attributes=row) for number, row in enumerate(rows, 1)]
    )


ALL = (compliance, breaches)
