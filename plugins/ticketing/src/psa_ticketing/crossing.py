"""Replies that cross: whoever answers a client is shown what was answered meanwhile (TIC-60)."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from psa_comments.api import COMMENTS, Conversation
from psa_sdk import Context, Record, post
from psa_sdk.errors import Conflict
from psa_ticketing.api import TICKETS

NEWER = """
SELECT id, author_name, note_type, created_at, content FROM comments.comment
WHERE subject_kind = 'tickets' AND subject_id = $1 AND note_type <> 'internal' AND created_at > $2
    AND author IS DISTINCT FROM $3 ORDER BY created_at LIMIT 20"""


class Reply(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A note; `seen_at` is when its writer loaded the conversation, `force` sends it all the same."""

    content: Annotated[str, Meta(min_length=1, max_length=65_536)]
    note_type: Literal["internal", "public", "resolution"] = "public"
    seen_at: datetime | None = None
    force: bool = False


@post(
    "/tickets/{id:uuid}/reply",
    permission="comments.comments.create",
    returns=COMMENTS,
    status=201,
)
async def reply(ctx: Context, id: UUID, body: Reply) -> Record:
    """Write a note unless somebody else answered the client since `seen_at`: then 409 with what they wrote."""
    await ctx.records.get(TICKETS, id)
    if body.seen_at is not None and body.note_type != "internal" and not body.force:
        newer = await ctx.db.fetch(NEWER, id, body.seen_at, ctx.principal.id)
        if newer:
            raise Conflict(
                "There are answers that you haven't seen; read them, or send all the same with force=true.",
                code="newer_notes",
                meta={
                    "notes": [
                        {
                            "id": str(row["id"]),
                            "author_name": row["author_name"],
                            "note_type": row["note_type"],
                            "created_at": row["created_at"].isoformat(),
                            "content": row["content"],
                        }
                        for row in newer
                    ]
                },
            )
    made = await ctx.service(Conversation).add((TICKETS, id), body.content, note_type=body.note_type)
    return Record(COMMENTS, made, status=201)


ROUTES = (reply,)
