"""Who may write what into a conversation, and what a comment carries with it."""

from psa_comments.api import UserMentioned
from psa_comments.conversation import company_of
from psa_comments.markdown import mentioned, render
from psa_comments.tables import Comment, Mention
from psa_sdk import Change, Context
from psa_sdk.errors import Conflict, Forbidden
from psa_sdk.identity import Directory
from psa_sdk.tables import And


async def write_new(ctx: Context, change: Change) -> None:
    """Complete a new comment: author, rendering, and the company of its subject."""
    principal = ctx.principal
    is_person = principal.kind in {"user", "contact", "api_key"}
    new = change.new
    if principal.audience == "portal":
        new["note_type"] = "public"
    new.setdefault("author_kind", principal.audience if is_person else "system")
    new.setdefault("author_name", principal.label)
    if is_person:
        new.setdefault("author", principal.id)
    new["content_html"] = render(new["content"])
    new["company"] = await company_of(ctx, (new["subject_kind"], new["subject_id"]))
    if new.get("parent") is not None:
        await check_thread(ctx, change)


async def check_thread(ctx: Context, change: Change) -> None:
    """A reply belongs to the same record as what it replies to, and is no more visible."""
    parent = await ctx.records.get("comments", change.value("parent"))
    if (parent["subject_kind"], parent["subject_id"]) != (
        change.value("subject_kind"),
        change.value("subject_id"),
    ):
        raise Conflict(
            "The comment replied to belongs to another record.",
            code="other_subject",
            pointer="/data/relationships/parent",
        )
    if parent["note_type"] == "internal" and change.value("note_type") not in {None, "internal"}:
        raise Conflict(
            "A reply to an internal note stays internal.",
            code="internal_thread",
            pointer="/data/attributes/note_type",
        )


async def write_edit(ctx: Context, change: Change) -> None:
    """Keep the former version of an edited comment; only its author or a moderator edits."""
    edited, moved = {"content", "note_type"} & change.new.keys(), change.changes("parent")
    if not (edited or moved) or "deleted_at" in change.new:
        return
    if edited and change.old["deleted_at"] is not None:
        raise Conflict("A deleted comment can't be edited.", code="deleted")
    if change.old["author"] != ctx.principal.id:
        ctx.require("comments.comments.moderate")
    if change.changes("note_type") and change.old["note_type"] == "internal":
        if ctx.principal.audience == "portal":
            raise Forbidden("Only staff can publish an internal note.")
        ctx.require("comments.comments.publish")
    if change.value("parent") is not None and (moved or change.changes("note_type")):
        await check_thread(ctx, change)
    if not (change.changes("content") or change.changes("note_type")):
        return
    await ctx.as_system().records.create(
        "comment-revisions",
        {
            "comment": change.id,
            "content": change.old["content"],
            "note_type": change.old["note_type"],
            "edited_by": ctx.principal.id if ctx.principal.kind == "user" else None,
        },
    )
    change.new["edited_at"] = ctx.now
    change.new["edit_count"] = change.old["edit_count"] + 1
    if "content" in change.new:
        change.new["content_html"] = render(change.new["content"])


async def note_mentions(ctx: Context, change: Change) -> None:
    """Record new mentions and tell those mentioned, if they are staff who may read comments."""
    if change.verb == "delete" or "content" not in change.new or not ctx.provides(Directory):
        return
    wanted = mentioned(change.new["content"])
    if not wanted:
        return
    readers = {account.id for account in await ctx.service(Directory).holders("comments.comments.read")}
    present = {
        row["account"] for row in await ctx.records.find("comment-mentions", Mention.comment == change.id)
    }
    for account_id in wanted:
        if account_id in present or account_id not in readers:
            continue
        await ctx.as_system().records.create(
            "comment-mentions", {"comment": change.id, "account": account_id}
        )
        await ctx.emit(
            UserMentioned(
                comment_id=change.id,
                account_id=account_id,
                subject_kind=change.value("subject_kind"),
                subject_id=change.value("subject_id"),
            )
        )


def public_only() -> And:
    """Return the condition under which clients see a comment."""
    return And(Comment.note_type != "internal", Comment.deleted_at.is_null())
