"""What comments stores: comments, their former versions and who is mentioned in them."""

from psa_sdk.tables import UUID, Boolean, Choice, Index, Instant, Integer, Ref, TenantTable, Text

NOTE_TYPES = ("internal", "public", "resolution")
AUTHORS = ("staff", "portal", "system")


class Comment(TenantTable, schema="comments", tablename="comment"):
    """A note on a record of any plugin; `public` and `resolution` ones are visible to the client."""

    subject_kind = Text(help_text="JSON:API type of the record it is about")
    subject_id = UUID(default=None)
    company = Ref("companies", null=True, on_delete="cascade")
    parent = Ref("comments", null=True, on_delete="cascade")
    note_type = Choice(*NOTE_TYPES, default="internal")
    content = Text(help_text="Markdown")
    content_html = Text(help_text="Sanitised rendering of the content")
    author = Ref("users", null=True, on_delete="set_null")
    author_kind = Choice(*AUTHORS, default="system")
    author_name = Text(default="", help_text="The author's name when they wrote it")
    is_automated = Boolean(default=False, help_text="Written by a rule or a mail robot")
    is_email_sent = Boolean(default=False)
    edited_at = Instant(null=True)
    edit_count = Integer(default=0)
    deleted_at = Instant(null=True, help_text="A deleted comment stays as a tombstone without content")

    index_on = (
        Index(("subject_kind", "subject_id", "created_at", "id")),
        Index(("parent",), where="parent IS NOT NULL"),
        Index(("author",), where="author IS NOT NULL"),
    )


class CommentRevision(TenantTable, schema="comments", tablename="comment_revision"):
    """What a comment said before an edit."""

    comment = Ref("comments", on_delete="cascade")
    content = Text()
    note_type = Choice(*NOTE_TYPES)
    edited_by = Ref("users", null=True, on_delete="set_null")

    index_on = (Index(("comment", "created_at")),)


class Mention(TenantTable, schema="comments", tablename="mention"):
    """A staff member named in a comment."""

    comment = Ref("comments", on_delete="cascade")
    account = Ref("users", on_delete="cascade")

    index_on = (Index(("comment", "account"), unique=True), Index(("account",)))


ALL = (Comment, CommentRevision, Mention)
