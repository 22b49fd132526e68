"""What comments offers to other plugins: writing to a record's conversation, moving notes, events."""

from collections.abc import Sequence
from typing import ClassVar, Literal, Protocol
from uuid import UUID

from psa_comments.markdown import render
from psa_sdk import Event

__all__ = ["COMMENTS", "EVENTS", "Conversation", "NoteType", "UserMentioned", "render"]

COMMENTS = "comments"
NoteType = Literal["internal", "public", "resolution"]


class Conversation(Protocol):
    """A record's conversation, for plugins that write into it or move it."""

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
        ...

    async def move(
        self, source: tuple[str, UUID], target: tuple[str, UUID], notes: Sequence[UUID] | None = None
    ) -> list[UUID]:
        """Move all or some notes, with author, time, visibility and attachments; returns their ids.

        Raises `NotFound` naming the notes that don't belong to the source.
        """
        ...


class UserMentioned(Event, frozen=True, kw_only=True):
    """A staff member was mentioned in a comment that they can see."""

    name: ClassVar[str] = "comments.user_mentioned"
    comment_id: UUID
    account_id: UUID
    subject_kind: str
    subject_id: UUID


EVENTS = (UserMentioned,)
