"""Clocks on pages: a panel and a column with what is left, tiles, a client's record, the report."""

import datetime
from collections.abc import Mapping, Sequence
from typing import Any, Literal
from uuid import UUID

import msgspec

from psa_sdk import Context
from psa_sdk.documents import Documents
from psa_sdk.ui import ListColumn, ListPreset, NavItem, Page, Panel, Ui, Widget
from psa_sla.with_ticketing import looking, reports, standings
from psa_sla.with_ticketing.reports import BreachQuery, ComplianceQuery
from psa_sla.with_ticketing.shapes import ComplianceRow
from psa_ticketing.api import TICKETS

TICKETS_READ = "ticketing.tickets.read"
DAYS = 90
OPEN = ("new", "open", "waiting_customer", "waiting_third_party", "scheduled")
OVERDUE = "&".join(("sla_state=breached", *(f"status.category={one}" for one in OPEN)))
LATE = "&".join(("sla_state=warning", "sla_state=breached", *(f"status.category={one}" for one in OPEN)))
STANDS = """
SELECT ticket, sla_state, sla_due_at, sla_response_state, sla_response_due_at
FROM sla.ticket_sla WHERE ticket = ANY ($1::uuid[]) AND sla_state <> 'none'"""


class ReportQuery(msgspec.Struct, kw_only=True):
    """What the page shows; the last thirty days unless said."""

    start: datetime.date | None = None
    end: datetime.date | None = None
    group: Literal["company", "queue", "priority", "ticket_type", "assigned_to", "sla_policy"] = "priority"


async def of_ticket(ctx: Context, ticket: UUID | None) -> Mapping[str, Any] | None:
    """Load the clocks of a ticket."""
    assert ticket is not None
    held = (await standings.kept_of(ctx, [ticket])).get(ticket)
    if held is None:
        return None
    found = await looking.shown(ctx, ticket, held)
    return {"sla": found, "ticket": ticket} if found.clocks or found.policy_name else None


async def column(ctx: Context, tickets: Sequence[UUID]) -> Mapping[UUID, Mapping[str, Any]]:
    """Load how the tickets of a page stand."""
    return {row["ticket"]: {"stand": row} for row in await ctx.db.fetch(STANDS, list(tickets))}


async def at_risk(ctx: Context, _: UUID | None) -> Mapping[str, Any] | None:
    """Find open tickets that are due next, or late."""
    found = await ctx.service(Documents).find(
        TICKETS,
        {
            "filter[sla_state][in]": "on_track,warning,breached",
            "filter[status.category][in]": ",".join(OPEN),
            "sort": "sla_due_at",
            "page[size]": "8",
            "fields[tickets]": "ticket_number,title,sla_due_at,sla_state",
        },
    )
    return {"found": found}


async def kept(ctx: Context, _: UUID | None) -> Mapping[str, Any] | None:
    """Reckon compliance of the last thirty days."""
    rows = await reports.compliance_of(
        ctx, ComplianceQuery(start_date=ctx.today - datetime.timedelta(days=30), end_date=ctx.today)
    )
    return {"rows": rows, "company": None} if rows else None


async def of_company(ctx: Context, company: UUID | None) -> Mapping[str, Any] | None:
    """Reckon compliance for a client."""
    rows = await reports.compliance_of(
        ctx,
        ComplianceQuery(
            start_date=ctx.today - datetime.timedelta(days=DAYS), end_date=ctx.today, company=company
        ),
    )
    return {"rows": rows, "company": company} if rows else None


async def report(ctx: Context, query: ReportQuery) -> Mapping[str, Any]:
    """Load the report: totals, groups, breaches."""
    end = query.end or ctx.today
    start = query.start or end - datetime.timedelta(days=30)
    groups: dict[tuple[UUID | None, str], dict[str, ComplianceRow]] = {}
    for row in await reports.compliance_of(
        ctx, ComplianceQuery(start_date=start, end_date=end, group=query.group)
    ):
        groups.setdefault((row.group, row.label), {})[row.clock] = row
    return {
        "start": start,
        "end": end,
        "group": query.group,
        "groups": GROUPS,
        "totals": {
            row.clock: row
            for row in await reports.compliance_of(ctx, ComplianceQuery(start_date=start, end_date=end))
        },
        "rows": sorted(groups.items(), key=lambda pair: pair[0][1].casefold()),
        "breaches": await reports.breaches_of(ctx, BreachQuery(start_date=start, end_date=end, limit=50)),
    }


GROUPS = (
    ("priority", "Priority"),
    ("company", "Company"),
    ("queue", "Queue"),
    ("ticket_type", "Ticket type"),
    ("assigned_to", "Assigned to"),
    ("sla_policy", "SLA policy"),
)

UI = Ui(
    nav=(
        NavItem(
            id="sla.report",
            label="SLA report",
            url="/sla",
            permission=reports.READ,
            icon="gauge",
            group="service",
            order=80,
        ),
    ),
    pages=(
        Page(
            path="/sla",
            template="sla.ticketing/report.html",
            permission=reports.READ,
            load=report,
            title="SLA report",
            active="sla.report",
            block="main",
        ),
    ),
    panels=(
        Panel(
            slot="ticket.side",
            id="sla.clocks",
            title="Service level",
            template="sla.ticketing/clocks.html",
            load=of_ticket,
            permission=TICKETS_READ,
            icon="gauge",
            order=10,
        ),
        Panel(
            slot="company.side",
            id="sla.company",
            title="Service level",
            template="sla.ticketing/compliance.html",
            load=of_company,
            permission=reports.READ,
            icon="gauge",
            order=60,
        ),
    ),
    columns=(
        ListColumn(
            resource=TICKETS,
            id="sla.due",
            title="SLA",
            template="sla.ticketing/due.html",
            load=column,
            permission=TICKETS_READ,
            width=104,
            order=10,
        ),
    ),
    presets=(
        ListPreset(
            resource=TICKETS,
            title="Late or nearly",
            query=LATE,
            counted=True,
            order=35,
        ),
        ListPreset(resource=TICKETS, title="Overdue", query=OVERDUE, counted=True, order=36),
    ),
    widgets=(
        Widget(
            id="sla.at-risk",
            title="Due next",
            template="sla.ticketing/at_risk.html",
            load=at_risk,
            permission=TICKETS_READ,
            icon="alarm-clock",
            size="2x1",
            order=30,
        ),
        Widget(
            id="sla.compliance",
            title="Promises kept, 30 days",
            template="sla.ticketing/compliance.html",
            load=kept,
            permission=reports.READ,
            icon="gauge",
            order=60,
        ),
    ),
    styles=("sla.css",),
)
