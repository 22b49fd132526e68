"""Satisfaction: clients are asked once when a ticket is closed, by a signed link or in the portal."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from psa_sdk import Context, Resource, ToOne, on
from psa_sdk.errors import Conflict, NotFound
from psa_sdk.signing import Signer, read_token, write_token
from psa_ticketing.api import TICKETS, SurveyAnswered, SurveyRequested, TicketStatusChanged
from psa_ticketing.settings import TicketingSettings
from psa_ticketing.survey_tables import Survey

SURVEYS = "satisfaction-surveys"
PURPOSE = "ticketing.survey"
MOST_CHANGES = 5
Rating = Annotated[int, Meta(ge=1, le=5, description="1 (bad) to 5 (very good)")]
Comment = Annotated[str, Meta(max_length=2000)]
GONE = "There is no such survey, or the link is too old."


class Opinion(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a client says."""

    rating: Rating
    comment: Comment = ""


class SurveyRead(msgspec.Struct, kw_only=True):
    """A survey's attributes."""

    closing: int
    expires_at: datetime
    rating: int | None
    comment: str
    rated_at: datetime | None
    rated_through: Literal["link", "portal"] | None
    created_at: datetime
    updated_at: datetime


async def ask(ctx: Context, ticket_id: UUID) -> UUID | None:
    """Ask the client of a closed ticket, once per closing; None where nobody is to be asked."""
    own = await ctx.settings(TicketingSettings)
    ticket = await ctx.records.get(TICKETS, ticket_id)
    if not own.survey_on_close or ticket["contact"] is None or ticket["merged_into"] is not None:
        return None
    await ctx.db.lock("ticketing.survey", ticket["contact"])
    recent = Survey.contact == ticket["contact"]
    since = ctx.now - timedelta(days=own.survey_pause_days)
    same = (Survey.ticket == ticket_id) & (Survey.closing == ticket["reopen_count"])
    if await ctx.records.count(SURVEYS, same) or (
        own.survey_pause_days and await ctx.records.count(SURVEYS, recent & (Survey.created_at > since))
    ):
        return None
    made = await ctx.records.create(
        SURVEYS,
        {
            "ticket": ticket_id,
            "closing": ticket["reopen_count"],
            "company": ticket["company"],
            "contact": ticket["contact"],
            "assigned_to": ticket["assigned_to"],
            "queue": ticket["queue"],
            "expires_at": ctx.now + timedelta(days=own.survey_days),
        },
    )
    await ctx.emit(SurveyRequested(survey_id=made, ticket_id=ticket_id, contact_id=ticket["contact"]))
    return made


@on(TicketStatusChanged)
async def ask_when_closed(ctx: Context, event: TicketStatusChanged) -> None:
    """Ask when a ticket is closed, unless it was opened again meanwhile."""
    if event.after == "closed":
        closed = await ctx.db.fetch_value(
            "SELECT s.category = 'closed' FROM ticketing.ticket t JOIN ticketing.status s ON s.id = t.status"
            " WHERE t.id = $1",
            event.ticket_id,
        )
        if closed:
            await ask(ctx, event.ticket_id)


async def last_of(ctx: Context, ticket_id: UUID) -> Mapping[str, Any] | None:
    """Return the last survey of a ticket that the principal sees, None where nobody was asked. Raises `NotFound`."""
    await ctx.records.get(TICKETS, ticket_id)
    asked = await ctx.as_system().records.find(SURVEYS, Survey.ticket == ticket_id, order="-closing", limit=1)
    return asked[0] if asked else None


async def answer(ctx: Context, survey_id: UUID, opinion: Opinion, through: Literal["link", "portal"]) -> None:
    """Keep what a client says; it may be changed a few times while the survey is open. Raises `NotFound`."""
    system = ctx.as_system()
    survey = await system.records.get(SURVEYS, survey_id, lock=True)
    if survey["expires_at"] < ctx.now:
        raise NotFound(GONE)
    if survey["changes"] >= MOST_CHANGES:
        raise Conflict("The answer was changed often enough; it stays.", code="answered")
    await system.records.update(
        SURVEYS,
        survey_id,
        {
            "rating": opinion.rating,
            "comment": opinion.comment.strip(),
            "rated_at": ctx.now,
            "rated_through": through,
            "changes": survey["changes"] + 1,
        },
    )
    await ctx.emit(
        SurveyAnswered(
            survey_id=survey_id,
            ticket_id=survey["ticket"],
            rating=opinion.rating,
            assigned_to_id=survey["assigned_to"],
        )
    )


class SignedSurveyLinks:
    """Implements `psa_ticketing.api.SurveyLinks`."""

    def __init__(self, ctx: Context) -> None:
        """Work within a unit of work."""
        self._ctx = ctx

    def token(self, survey_id: UUID) -> str:
        """Return the survey's id with the tenant's signature."""
        return write_token(self._ctx.service(Signer), PURPOSE, survey_id.hex)

    def survey(self, token: str) -> UUID:
        """Return the survey of a token; raises `NotFound` for one that isn't ours."""
        try:
            return UUID(hex=read_token(self._ctx.service(Signer), PURPOSE, token))
        except ValueError:
            raise NotFound(GONE) from None


surveys = Resource(
    name=SURVEYS,
    title="Satisfaction surveys",
    description="How clients found the help, asked once for each closing of a ticket.",
    table=Survey,
    read=SurveyRead,
    verbs=frozenset(("list", "get")),
    relations=(
        ToOne("ticket", TICKETS, Survey.ticket, inverse="satisfaction_surveys"),
        ToOne("company", "companies", Survey.company),
        ToOne("contact", "contacts", Survey.contact),
        ToOne("assigned_to", "users", Survey.assigned_to),
        ToOne("queue", "ticket-queues", Survey.queue),
    ),
    filters=(
        Survey.ticket,
        Survey.company,
        Survey.contact,
        Survey.assigned_to,
        Survey.queue,
        Survey.rating,
        Survey.rated_at,
        Survey.created_at,
    ),
    sorts=(Survey.created_at, Survey.rated_at, Survey.rating),
)
RESOURCES = (surveys,)
