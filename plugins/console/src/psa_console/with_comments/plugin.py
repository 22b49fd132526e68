"""The bridge between the console and conversations: who is mentioned is told."""

from psa_comments.api import UserMentioned
from psa_console.api import Inbox
from psa_sdk import Context, Manifest, hookimpl, on
from psa_sdk.documents import Documents
from psa_sdk.errors import Problem
from psa_sdk.identity import Directory


@on(UserMentioned)
async def tell_mentioned(ctx: Context, event: UserMentioned) -> None:
    """Tell people where they are mentioned, if they may read the record."""
    subject = (event.subject_kind, event.subject_id)
    try:
        theirs = await ctx.service(Directory).as_account(event.account_id)
        found = await theirs.service(Documents).names(event.subject_kind, [event.subject_id])
    except Problem:
        return
    if event.subject_id in found:
        await ctx.service(Inbox).tell(event.account_id, "mentioned", subject, found[event.subject_id])


@hookimpl
def psa_manifest() -> Manifest:
    """Return the table of contents."""
    return Manifest(
        name="console.comments",
        title="Notifications of mentions",
        description="Tells people where they are mentioned.",
        requires=("console", "comments"),
        subscribers=(tell_mentioned,),
    )
