"""The conversation service: how other plugins write into and move a record's notes."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from psa_comments.api import COMMENTS, NoteType
from psa_comments.tables import Comment
from psa_sdk import Context
from psa_sdk.errors import NotFound
from psa_sdk.tables import And


class StoredConversation:
    """Implements `psa_comments.api.Conversation`."""

    def __init__(self, ctx: Context) -> None:
        """Work within a unit of work."""
        self._ctx = ctx

    async def add(
        self,
        subject: tuple[str, UUID],
        content: str,
        *,
        note_type: NoteType = "internal",
        author_name: str = "",
        automated: bool = False,
    ) -> UUID:
        """Write a note as the present principal and return its id."""
        values: dict[str, Any] = {
            "subject_kind": subject[0],
            "subject_id": subject[1],
            "content": content,
            "note_type": note_type,
            "is_automated": automated,
        }
        if author_name:
            values["author_name"] = author_name
        return await self._ctx.records.create(COMMENTS, values)

    async def move(
        self, source: tuple[str, UUID], target: tuple[str, UUID], notes: Sequence[UUID] | None = None
    ) -> list[UUID]:
        """Move all or some notes, with author, time, visibility and attachments; returns their ids."""
        here = And(Comment.subject_kind == source[0], Comment.subject_id == source[1])
        rows = await self._ctx.records.find(COMMENTS, here, order="created_at", limit=100_000, lock=True)
        found = {row["id"] for row in rows}
        missing = [str(note) for note in notes or () if note not in found]
        if missing:
            raise NotFound(f"These notes are not on the record: {', '.join(missing)}.", code="note_not_found")
        wanted = found if notes is None else set(notes)
        system = self._ctx.as_system()
        company = await company_of(self._ctx, target)
        place = {"subject_kind": target[0], "subject_id": target[1], "company": company}
        for row in rows:
            # A thread doesn't span records: what stays and what goes part here.
            parted = row["parent"] is not None and (row["parent"] in wanted) != (row["id"] in wanted)
            values = {**(place if row["id"] in wanted else {}), **({"parent": None} if parted else {})}
            if values:
                await system.records.update(COMMENTS, row["id"], values)
            if row["id"] in wanted and row["company"] != company:
                # In place: so that its files belong to the other company too.
                await system.files.move((COMMENTS, row["id"]), (COMMENTS, row["id"]))
        return [row["id"] for row in rows if row["id"] in wanted]


async def company_of(ctx: Context, subject: tuple[str, UUID]) -> UUID | None:
    """Return the client company that a record belongs to; raises `NotFound` when the principal doesn't see it."""
    row = await ctx.records.get(*subject)
    return row["id"] if subject[0] == "companies" else row.get("company")
