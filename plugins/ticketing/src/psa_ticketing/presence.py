"""Who looks at a ticket and who is writing, as open pages tell every ten seconds (TIC-60)."""

from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

import msgspec

from psa_sdk import Answer, AnswerList, Context, actor, every, get, post, tables
from psa_sdk.identity import Directory
from psa_sdk.tables import Choice, Index, Instant, Ref, TenantTable
from psa_sdk.ui import Live
from psa_ticketing.api import TICKETS

HEARTBEAT = timedelta(seconds=10)
LIFETIME = timedelta(seconds=25)
TOPIC = "ticketing.presence"
"""The live topic on which pages hear that somebody came, went or writes."""
READ = "ticketing.tickets.read"
NO_PAGE = UUID(int=0)
"""Of callers that have a ticket before them in one place only; they may come back."""
State = Literal["viewing", "typing", "gone"]


class TicketPresence(TenantTable, schema="ticketing", tablename="presence"):
    """That somebody has a ticket before them on one of their pages until an instant, or has left that page."""

    ticket = Ref("tickets", on_delete="cascade")
    account = Ref("users", on_delete="cascade")
    page = tables.UUID(default=NO_PAGE)
    state = Choice("viewing", "typing", "gone", default="viewing")
    until = Instant()

    index_on = (Index(("ticket", "account", "page"), unique=True), Index(("account",)), Index(("until",)))
    exported = False


class Tell(msgspec.Struct, forbid_unknown_fields=True):
    """What the caller does with the ticket; `gone` when leaving."""

    state: State = "viewing"
    page: UUID = NO_PAGE
    """Which of the caller's pages says so, a random id. Once gone it stays gone, whatever of it arrives later."""


class Present(msgspec.Struct, frozen=True):
    """Somebody else before the ticket."""

    account: UUID
    name: str
    state: Literal["viewing", "typing"]
    until: datetime


OTHERS = """
SELECT account, CASE WHEN bool_or(state = 'typing') THEN 'typing' ELSE 'viewing' END AS state, max(until) AS until
FROM ticketing.presence WHERE ticket = $1 AND account <> $2 AND until > $3 AND state <> 'gone'
GROUP BY account ORDER BY min(created_at)"""
# Requests overtake each other: a page that left isn't there again because its last heartbeat came late.
BEAT = """
INSERT INTO ticketing.presence AS p (id, ticket, account, page, state, until)
VALUES (psa.new_id(), $1, $2, $3, $4, $5)
ON CONFLICT (tenant_id, ticket, account, page) DO UPDATE SET state = excluded.state, until = excluded.until
WHERE p.state <> 'gone' OR p.page = $7
RETURNING coalesce((SELECT CASE WHEN o.until > $6 THEN o.state END FROM ticketing.presence o
    WHERE o.ticket = $1 AND o.account = $2 AND o.page = $3), 'gone') AS before"""


async def tell(ctx: Context, ticket: UUID, state: State, page: UUID = NO_PAGE) -> list[Present]:
    """Note what the caller does and return the others; pages that are open hear of a change at once."""
    await ctx.records.get(TICKETS, ticket)
    until = ctx.now if state == "gone" else ctx.now + LIFETIME
    before = await ctx.db.fetch_value(BEAT, ticket, ctx.principal.id, page, state, until, ctx.now, NO_PAGE)
    if before not in (None, state):
        await ctx.service(Live).tell(TOPIC, ticket)
    return await others(ctx, ticket)


async def others(ctx: Context, ticket: UUID) -> list[Present]:
    """Return who else has a ticket before them."""
    rows = await ctx.db.fetch(OTHERS, ticket, ctx.principal.id, ctx.now)
    people = await ctx.service(Directory).users([row["account"] for row in rows]) if rows else {}
    return [
        Present(row["account"], people[row["account"]].name, row["state"], row["until"])
        for row in rows
        if row["account"] in people
    ]


@post(
    "/tickets/{id:uuid}/presence",
    permission=READ,
    returns=Present,
    answer_type="ticket-presences",
    idempotent=False,
)
async def beat(ctx: Context, id: UUID, body: Tell) -> AnswerList:
    """Say that one views or writes on a ticket, good for 25 seconds; answers who else does."""
    return _answer(await tell(ctx, id, body.state, body.page))


@get("/tickets/{id:uuid}/presence", permission=READ, returns=Present, answer_type="ticket-presences")
async def present(ctx: Context, id: UUID) -> AnswerList:
    """Who else has a ticket before them."""
    await ctx.records.get(TICKETS, id)
    return _answer(await others(ctx, id))


def _answer(found: list[Present]) -> AnswerList:
    return AnswerList(
        items=[Answer(type="ticket-presences", id=str(one.account), attributes=one) for one in found]
    )


@actor(queue="bulk")
async def forget(ctx: Context) -> None:
    """Delete what pages told that were never closed properly."""
    await ctx.db.execute("DELETE FROM ticketing.presence WHERE until < $1", ctx.now - timedelta(hours=1))


ROUTES = (beat, present)
SCHEDULES = (every("41 * * * *", forget),)
