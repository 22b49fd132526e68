"""Deleting a comment: it leaves a tombstone, so that threads keep their shape."""

from uuid import UUID

from psa_comments.api import COMMENTS
from psa_sdk import Context, delete
from psa_sdk.errors import Conflict


@delete("/comments/{id:uuid}", permission="comments.comments.update", audience="both")
async def delete_comment(ctx: Context, id: UUID) -> None:
    """Delete a comment's content, former versions and files."""
    row = await ctx.records.get(COMMENTS, id, lock=True)
    if row["deleted_at"] is not None:
        raise Conflict("This comment is already deleted.", code="deleted")
    if row["author"] != ctx.principal.id:
        ctx.require("comments.comments.moderate")
    system = ctx.as_system()
    for revision in await ctx.db.fetch("SELECT id FROM comments.comment_revision WHERE comment = $1", id):
        await system.records.delete("comment-revisions", revision["id"])
    for file in await system.files.attached(COMMENTS, id):
        await system.records.delete("attachments", file.id)
    await system.records.update(COMMENTS, id, {"content": "", "content_html": "", "deleted_at": ctx.now})


ALL = (delete_comment,)
