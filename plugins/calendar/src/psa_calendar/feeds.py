"""Calendars to subscribe to: a secret address per feed, revoked by deleting it (CAL-14)."""

import datetime
import hashlib
import secrets
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response
from msgspec import Meta

from psa_calendar.calendar_routes import READ
from psa_calendar.conflicts import FURTHEST
from psa_calendar.icalendar_writing import feed
from psa_calendar.participants import meeting_of
from psa_sdk import PUBLIC, Answer, Context, get, post
from psa_sdk.errors import Forbidden, NotFound
from psa_sdk.identity import Directory
from psa_sdk.network import Network

FEEDS = "calendar-feeds"
CREATE = "calendar.feeds.create"
PAST = datetime.timedelta(days=90)
AHEAD = datetime.timedelta(days=400)
ENDING = ".ics"
HELD = """
SELECT account, name, busy_only FROM calendar.feed WHERE token_hash = $1"""
MINE = """
SELECT a.* FROM calendar.appointment a
WHERE a.end_time > $2 AND a.start_time < $3 AND a.start_time > $4 AND NOT a.is_private AND a.archived_at IS NULL
    AND (a.assigned_to = $1 OR a.id IN (SELECT t.appointment FROM calendar.attendee t WHERE t.account = $1))
ORDER BY a.start_time LIMIT 5000"""


class FeedWrite(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What somebody says of a new feed of their own."""

    name: Annotated[str, Meta(min_length=1, max_length=100)]
    busy_only: Annotated[bool, Meta(description="Tells when, and nothing else")] = False


class FeedRead(msgspec.Struct, kw_only=True):
    """A feed's attributes."""

    name: str
    busy_only: bool
    created_at: datetime.datetime


class NewFeed(FeedRead, kw_only=True):
    """A feed that was just made: the only time that its address is told."""

    url: str


@post(
    "/calendar-feeds",
    permission=CREATE,
    returns=NewFeed,
    answer_type=FEEDS,
    status=201,
    idempotent=False,
)
async def open_feed(ctx: Context, body: FeedWrite) -> Answer:
    """Make a feed of one's own calendar and tell its secret address."""
    feed_id, url = await make(ctx, body)
    told = NewFeed(name=body.name, busy_only=body.busy_only, created_at=ctx.now, url=url)
    return Answer(type=FEEDS, id=str(feed_id), attributes=told, status=201)


async def make(ctx: Context, body: FeedWrite) -> tuple[UUID, str]:
    """Make a feed of the principal's calendar; return its id and its address.

    Raises `Forbidden` for programs: a feed would outlast what they were allowed.
    """
    if ctx.principal.kind != "user":
        raise Forbidden("Only a person opens a feed of their calendar.", code="person_needed")
    token = secrets.token_urlsafe(32)
    feed_id = await ctx.as_system().records.create(
        FEEDS,
        {
            "account": ctx.principal.id,
            "name": body.name,
            "busy_only": body.busy_only,
            "token_hash": hashed(token),
        },
    )
    return feed_id, f"{ctx.service(Network).home}/api/v1/public/calendars/{token}{ENDING}"


def hashed(token: str) -> str:
    """Return what is kept of a token; it is too long to be guessed from that."""
    return hashlib.sha256(token.encode()).hexdigest()


@get(
    "/public/calendars/{file:str}",
    permission=PUBLIC,
    audience="both",
    media_type="text/calendar",
    returns=bytes,
)
async def read_feed(ctx: Context, file: str) -> Response[bytes]:
    """Read a calendar by its secret address while its owner may see appointments; private ones are left out."""
    held = await ctx.db.fetch_one(HELD, hashed(file.removesuffix(ENDING)))
    readers = {one.id for one in await ctx.service(Directory).holders(READ)} if held else set[UUID]()
    if held is None or held["account"] not in readers:
        raise NotFound("There is no such calendar; its address may have been revoked.")
    account: UUID = held["account"]
    rows = await ctx.db.fetch(MINE, account, ctx.now - PAST, ctx.now + AHEAD, ctx.now - PAST - FURTHEST)
    meetings = [meeting_of(row, row["updated_at"]) for row in rows]
    text = feed(held["name"], meetings, busy_only=held["busy_only"])
    return Response(
        text.encode(),
        media_type="text/calendar; charset=utf-8",
        headers={"Cache-Control": "private, max-age=300", "X-Robots-Tag": "noindex"},
    )


ALL = (open_feed, read_feed)
