"""The attributes of comments as clients read and write them."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

NoteType = Literal["internal", "public", "resolution"]
Content = Annotated[str, Meta(min_length=1, max_length=65_536, description="Markdown")]


class CommentWrite(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What staff may send for a comment."""

    content: Content
    note_type: NoteType = "internal"


class CommentPortalWrite(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What clients may send: their notes are always public."""

    content: Content


class CommentRead(CommentWrite, kw_only=True):
    """A comment's attributes; a deleted one has an empty content."""

    content: str
    subject_kind: str
    subject_id: UUID
    content_html: str
    author_kind: Literal["staff", "portal", "system"]
    author_name: str
    is_automated: bool
    is_email_sent: bool
    edited_at: datetime | None
    edit_count: int
    deleted_at: datetime | None
    created_at: datetime
    updated_at: datetime


class CommentRevisionRead(msgspec.Struct, kw_only=True):
    """A comment as it was before an edit."""

    content: str
    note_type: NoteType
    created_at: datetime
    updated_at: datetime


class MentionRead(msgspec.Struct, kw_only=True):
    """That somebody was mentioned."""

    created_at: datetime
    updated_at: datetime
