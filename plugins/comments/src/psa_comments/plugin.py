"""Comments: one conversation mechanism that any plugin's records can carry."""

from psa_comments import api, erasure, resources, routes, tables
from psa_comments.conversation import StoredConversation
from psa_sdk import Manifest, Permission, hookimpl, provide

PERMISSIONS = (
    Permission(name="comments.comments.moderate", title="Edit and delete others' comments"),
    Permission(name="comments.comments.publish", title="Make internal notes visible to clients"),
)

WRITE = ("comments.comments.read", "comments.comments.create", "comments.comments.update")
STAFF = (
    *WRITE,
    "comments.comments.publish",
    "comments.comment_revisions.read",
    "comments.comment_mentions.read",
)


@hookimpl
def psa_manifest() -> Manifest:
    """Return the table of contents."""
    return Manifest(
        name="comments",
        title="Comments",
        description="Conversations on records: notes, replies, mentions, former versions.",
        tables=tables.ALL,
        resources=resources.ALL,
        routes=routes.ALL,
        permissions=PERMISSIONS,
        roles={
            "manager": ("comments.*",),
            "technician": STAFF,
            "dispatcher": STAFF,
            "sales": STAFF,
            "finance": STAFF,
            "client_admin": WRITE,
            "client_user": WRITE,
        },
        events=api.EVENTS,
        subscribers=(erasure.forget_author,),
        services=(provide(api.Conversation, StoredConversation),),
    )
