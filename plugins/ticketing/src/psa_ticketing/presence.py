"""Who looks at a ticket and who is writing, as open pages tell every ten seconds (TIC-60)."""

from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

import msgspec

from psa_sdk import Answer, AnswerList, Context, actor, every, get, post
from psa_sdk.identity import Directory
from psa_sdk.tables import Choice, Index, Instant, Ref, TenantTable
from psa_sdk.ui import Live
from psa_ticketing.api import TICKETS

HEARTBEAT = timedelta(seconds=10)
LIFETIME = timedelta(seconds=25)
TOPIC = "ticketing.presence"
"""The live topic on which pages hear that somebody came, went or writes."""
READ = "ticketing.tickets.read"


class TicketPresence(TenantTable, schema="ticketing", tablename="presence"):
    """That somebody has a ticket before them until an instant."""

    ticket = Ref("tickets", on_delete="cascade")
    account = Ref("users", on_delete="cascade")
    state = Choice("viewing", "typing", default="viewing")
    until = Instant()

    index_on = (Index(("ticket", "account"), unique=True), Index(("account",)), Index(("until",)))
    exported = False


class Tell(msgspec.Struct, forbid_unknown_fields=True):
    """What the caller does with the ticket; `gone` when leaving."""

    state: Literal["viewing", "typing", "gone"] = "viewing"


class Present(msgspec.Struct, frozen=True):
    """Somebody else before the ticket."""

    account: UUID
    name: str
    state: Literal["viewing", "typing"]
    until: datetime


OTHERS = """
SELECT account, state, until FROM ticketing.presence
WHERE ticket = $1 AND account <> $2 AND until > $3 ORDER BY created_at"""
BEAT = """
INSERT INTO ticketing.presence AS p (id, ticket, account, state, until)
VALUES (psa.new_id(), $1, $2, $3, $4)
ON CONFLICT (tenant_id, ticket, account) DO UPDATE SET state = excluded.state, until = excluded.until
RETURNING (SELECT row(o.state, o.until > $5) FROM ticketing.presence o WHERE o.ticket = $1 AND o.account = $2)::text
    AS before"""


async def tell(ctx: Context, ticket: UUID, state: Literal["viewing", "typing", "gone"]) -> list[Present]:
    """Note what the caller does and return the others; pages that are open hear of a change at once."""
    await ctx.records.get(TICKETS, ticket)
    me = ctx.principal.id
    if state == "gone":
        gone = await ctx.db.execute(
            "DELETE FROM ticketing.presence WHERE ticket = $1 AND account = $2", ticket, me
        )
        changed = not gone.endswith(" 0")
    else:
        before = await ctx.db.fetch_value(BEAT, ticket, me, state, ctx.now + LIFETIME, ctx.now)
        changed = before != f"({state},t)"
    if changed:
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
    return _answer(await tell(ctx, id, body.state))


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
