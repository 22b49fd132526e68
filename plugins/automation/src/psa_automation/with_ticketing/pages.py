"""Macros on a ticket, recurring tickets and close gates in the console."""

import datetime
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from psa_automation import macros
from psa_automation.routes import RUN
from psa_automation.with_ticketing.routes import Recurrence, upcoming
from psa_sdk import Context
from psa_sdk.documents import Documents
from psa_sdk.errors import Problem
from psa_sdk.ui import Action, Done, Panel, ResourceView, SettingsSection, Ui
from psa_ticketing.api import TICKETS


async def offered(ctx: Context, ticket: UUID | None) -> Mapping[str, Any] | None:
    """Load the macros that suit a ticket."""
    found = await macros.offered(ctx, TICKETS, ticket) if ticket else ()
    return {"macros": found, "ticket": ticket} if found else None


async def run_macro(ctx: Context, id: UUID, ticket: UUID) -> Done:
    """Run a macro and say what became of it."""
    answer = await macros.run(ctx, id, ticket)
    row = await ctx.as_system().records.get("automation-runs", answer)
    toast = " · ".join(row["detail"]) if row["outcome"] == "done" else row["error"].splitlines()[0]
    return Done(toast=toast, refresh=(TICKETS, f"{TICKETS}:{ticket}"))


async def coming(ctx: Context, id: UUID | None) -> Mapping[str, Any] | None:
    """Load when a recurring ticket will be opened next."""
    if id is None:
        return None
    [item] = (await ctx.service(Documents).one("recurring-tickets", id)).items
    held = item.attributes
    if not held["is_active"]:
        return None
    try:
        body = Recurrence(recurrence=held["recurrence"], starts_on=_date(held["starts_on"]), at=held["at"])
        return {"moments": upcoming(ctx, body)}
    except Problem:
        return None


def _date(text: str) -> datetime.date:
    return datetime.date.fromisoformat(text)


UI = Ui(
    views=(
        ResourceView(
            resource="recurring-tickets",
            singular="Recurring ticket",
            icon="repeat",
            columns=("name", "title", "company", "is_active", "next_at"),
            summary=("company", "is_active", "next_at"),
            fields=(
                "name",
                "title",
                "recurrence",
                "starts_on",
                "at",
                "catch_up",
                "company",
                "contact",
                "queue",
            ),
            group="service",
            order=75,
        ),
        ResourceView(
            resource="recurring-ticket-occurrences",
            singular="Occurrence",
            icon="calendar-check",
            columns=("recurring_ticket", "occurs_at", "outcome", "ticket"),
            tones={"opened": "green", "skipped": "orange", "failed": "red"},
        ),
        ResourceView(
            resource="close-gates",
            singular="Close gate",
            icon="shield-check",
            columns=("name", "queue", "required_fields", "needs_time", "needs_resolution", "is_active"),
        ),
    ),
    actions=(Action(path="/automation/{id:uuid}/run/{ticket:uuid}", permission=RUN, handle=run_macro),),
    panels=(
        Panel(
            slot="ticket.side",
            id="automation.macros",
            title="Macros",
            template="automation.ticketing/macros.html",
            load=offered,
            permission=RUN,
            icon="workflow",
            order=60,
        ),
        Panel(
            slot="recurring-ticket.side",
            id="automation.coming",
            title="Next occurrences",
            template="automation.ticketing/coming.html",
            load=coming,
            permission="automation.recurring_tickets.read",
            icon="calendar-days",
        ),
    ),
    settings=(
        SettingsSection(
            id="close-gates",
            title="Close gates",
            url="/close-gates",
            permission="automation.close_gates.read",
            group="service",
            icon="shield-check",
        ),
    ),
)
