"""Comments, their former versions and mentions as the API shows them."""

from psa_comments import rules, shapes
from psa_comments.tables import Comment, CommentRevision, Mention
from psa_sdk import Resource, Subject, ToMany, ToOne

comments = Resource(
    name="comments",
    title="Comments",
    description="Notes in the conversation of a record: internal, public, or the resolution.",
    table=Comment,
    read=shapes.CommentRead,
    write=shapes.CommentWrite,
    verbs=frozenset(("list", "get", "create", "update")),
    subject=Subject(Comment.subject_kind, Comment.subject_id),
    relations=(
        ToOne("parent", "comments", Comment.parent, inverse="replies", portal_writable=True),
        ToOne("author", "users", Comment.author, writable=False),
        ToMany("revisions", "comment-revisions", CommentRevision.comment),
        ToMany("attachments", "attachments"),
    ),
    filters=(
        Comment.subject_kind,
        Comment.subject_id,
        Comment.note_type,
        Comment.author,
        Comment.author_kind,
        Comment.is_automated,
        Comment.created_at,
    ),
    sorts=(Comment.created_at,),
    default_sort="created_at",
    search=(Comment.content,),
    portal=lambda _who: rules.public_only(),
    portal_verbs=frozenset(("list", "get", "create", "update")),
    portal_write=shapes.CommentPortalWrite,
    portal_hidden=("revisions", "activity", "is_email_sent"),
    before_create=rules.write_new,
    before_update=rules.write_edit,
    after_write=rules.note_mentions,
)

comment_revisions = Resource(
    name="comment-revisions",
    title="Former versions of comments",
    table=CommentRevision,
    read=shapes.CommentRevisionRead,
    verbs=frozenset(("list", "get")),
    relations=(
        ToOne("comment", "comments", CommentRevision.comment),
        ToOne("edited_by", "users", CommentRevision.edited_by),
    ),
    filters=(CommentRevision.comment,),
)

mentions = Resource(
    name="comment-mentions",
    title="Mentions",
    table=Mention,
    read=shapes.MentionRead,
    verbs=frozenset(("list", "get")),
    relations=(ToOne("comment", "comments", Mention.comment), ToOne("account", "users", Mention.account)),
    filters=(Mention.comment, Mention.account, Mention.created_at),
)

ALL = (comments, comment_revisions, mentions)
