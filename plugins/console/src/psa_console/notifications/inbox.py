"""Keeps notifications: written by subscribers, read and marked by their owner alone."""

import datetime
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from psa_sdk import Context
from psa_sdk.identity import Directory
from psa_sdk.tables import new_id
from psa_sdk.ui import Live

TOPIC: Final = "notifications"
MOST_COUNTED: Final = 99

# Under the person's lock, so that instants rise in the order in which notifications become visible: what wasn't there
# yet when a list was shown is newer than everything in it, whenever its unit of work began.
_NEXT = """
SELECT greatest($2, (SELECT max(created_at) FROM console.notification WHERE account = $1) + interval '1 microsecond')"""
_AGAIN = """
UPDATE console.notification SET created_at = $5, title = $6, detail = $7, actor_name = $8
WHERE account = $1 AND kind = $2 AND subject_kind = $3 AND subject_id = $4 AND read_at IS NULL RETURNING id"""
_NEW = """
INSERT INTO console.notification
    (id, account, kind, subject_kind, subject_id, created_at, title, detail, actor_name)
VALUES ($9, $1, $2, $3, $4, $5, $6, $7, $8)"""


class StoredInbox:
    """Implements `psa_console.api.Inbox` in a unit of work."""

    def __init__(self, ctx: Context) -> None:
        """Bind to a unit of work."""
        self._ctx = ctx

    async def tell(
        self,
        account: UUID,
        kind: str,
        subject: tuple[str, UUID],
        title: str,
        *,
        detail: str = "",
        own: bool = False,
    ) -> None:
        """Notify a person, unless it is their own doing; an unread one of the same kind and record is renewed."""
        ctx = self._ctx
        actor = ctx.on_behalf_of or ctx.principal.id
        people = await ctx.service(Directory).users([account, actor])
        found = people.get(account)
        if (
            (account == actor and not own)
            or found is None
            or found.status == "disabled"
            or found.audience != "staff"
        ):
            return
        name = people[actor].name if actor in people and actor != account else ""
        await ctx.db.lock("notification", account)
        at = await ctx.db.fetch_value(_NEXT, account, ctx.now)
        values = (account, kind, *subject, at, title[:300], detail[:300], name)
        if await ctx.db.fetch_value(_AGAIN, *values) is None:
            await ctx.db.execute(_NEW, *values, new_id())
        await ctx.service(Live).tell(TOPIC, account=account)


async def unread(ctx: Context) -> int:
    """Count one's own unread notifications, up to `MOST_COUNTED`."""
    return await ctx.db.fetch_value(
        "SELECT count(*) FROM (SELECT FROM console.notification WHERE account = $1 AND read_at IS NULL LIMIT $2) AS n",
        ctx.principal.id,
        MOST_COUNTED,
    )


async def latest(ctx: Context, number: int, *, before: datetime.datetime | None = None) -> Sequence[Any]:
    """Return one's own notifications, the latest first."""
    return await ctx.db.fetch(
        "SELECT id, kind, title, detail, actor_name, subject_kind, subject_id, read_at, created_at"
        " FROM console.notification WHERE account = $1 AND ($3::timestamptz IS NULL OR created_at < $3)"
        " ORDER BY created_at DESC LIMIT $2",
        ctx.principal.id,
        number,
        before,
    )


async def mark(ctx: Context, id: UUID, *, read: bool = True) -> Any:
    """Mark one of one's own as read or not; returns it, None where there is none."""
    row = await ctx.db.fetch_one(
        "UPDATE console.notification SET read_at = $3 WHERE id = $1 AND account = $2"
        " RETURNING subject_kind, subject_id",
        id,
        ctx.principal.id,
        ctx.now if read else None,
    )
    await ctx.service(Live).tell(TOPIC, account=ctx.principal.id)
    return row


async def mark_all(ctx: Context, until: datetime.datetime) -> None:
    """Mark as read what is no newer than the newest that was shown; what came since stays unread (NTF-08)."""
    await ctx.db.execute(
        "UPDATE console.notification SET read_at = $3 WHERE account = $1 AND read_at IS NULL AND created_at <= $2",
        ctx.principal.id,
        until,
        ctx.now,
    )
    await ctx.service(Live).tell(TOPIC, account=ctx.principal.id)
