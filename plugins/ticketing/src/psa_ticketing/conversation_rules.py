"""What a note does to its ticket: it lands on the surviving ticket, stamps activity, brings it back."""

from typing import Any, Literal

from psa_sdk import Change, Context, before
from psa_sdk.events import RecordEvent, changes, on
from psa_ticketing import defaults, lifecycle
from psa_ticketing.api import TICKETS, TicketReplied
from psa_ticketing.desk import follow_merges


def side(kind: str, audience: str, *, automated: bool) -> Literal["staff", "customer", "system"]:
    """Return whose word a note is."""
    if automated or kind not in {"user", "contact", "api_key"}:
        return "system"
    return "customer" if audience == "portal" else "staff"


@before("comments", "create")
async def receive_note(ctx: Context, change: Change) -> None:
    """Redirect a note to the surviving ticket and stamp that ticket's activity (TIC-05, TIC-06, TIC-11)."""
    new = change.new
    if new.get("subject_kind") != TICKETS:
        return
    system = ctx.as_system()
    new["subject_id"] = await follow_merges(ctx, new["subject_id"])
    ticket = await system.records.get(TICKETS, new["subject_id"], lock=True)
    new["company"] = ticket["company"]
    automated = bool(new.get("is_automated"))
    author = new.get("author_kind", "")
    by = side(ctx.principal.kind, ctx.principal.audience, automated=automated)
    if author == "portal" and not automated:
        by = "customer"
    public = ctx.principal.audience == "portal" or new.get("note_type", "internal") != "internal"
    values: dict[str, Any] = {}
    if by == "customer":
        values |= {"last_customer_activity_at": ctx.now, "awaiting": "us"}
    elif by == "staff":
        values["last_staff_activity_at"] = ctx.now
        if public:
            values["awaiting"] = "customer"
            if ticket["first_response_at"] is None:
                values["first_response_at"] = ctx.now
    category = await defaults.category_of(ctx, ticket["status"])
    target = lifecycle.after_reply(category, by, public=public, automated=automated)
    if target is not None:
        values["status"] = await defaults.status_of(ctx, target)
    if values:
        await system.records.update(TICKETS, new["subject_id"], values)


@on(changes("comments", "created"))
async def announce_note(ctx: Context, event: RecordEvent) -> None:
    """Say that a ticket got a note, for notifications, mail and automation."""
    row = await ctx.db.fetch_one(
        "SELECT id, subject_id FROM ticketing.ticket t JOIN (SELECT $1::uuid AS subject_id) s ON t.id = s.subject_id",
        event.changed["subject_id"][1],
    )
    if row is None or event.changed["subject_kind"][1] != TICKETS:
        return
    kind = event.changed["author_kind"][1]
    await ctx.emit(
        TicketReplied(
            ticket_id=row["id"],
            comment_id=event.id,
            by="customer" if kind == "portal" else kind,
            note_type=event.changed["note_type"][1],
        )
    )
