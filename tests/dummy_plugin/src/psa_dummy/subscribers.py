"""What happens after something happened."""

from psa_dummy.actors import inspect
from psa_dummy.api import GADGETS, GadgetLent, GadgetReturned
from psa_sdk import Context, RecordEvent, Subscriber, changes, on


@on(GadgetReturned, max_attempts=4)
async def inspect_returned(ctx: Context, event: GadgetReturned) -> None:
    """What comes back is inspected."""
    await ctx.send(inspect, gadget_id=event.gadget_id, finding="came back")


@on(GadgetLent)
async def note_lending(ctx: Context, event: GadgetLent) -> None:
    """Lending leaves a trace of its own in the audit log."""
    await ctx.audit("lend", GADGETS, event.gadget_id, company=str(event.company_id))


@on(changes("companies", "updated"))
async def follow_name(ctx: Context, event: RecordEvent) -> None:
    """A company's new name is noted at its gadgets."""
    if not event.has("name"):
        return
    for row in await ctx.db.fetch("SELECT id FROM dummy.gadget WHERE company = $1", event.id):
        await ctx.records.create(
            "dummy-remarks",
            {"subject_kind": GADGETS, "subject_id": row["id"], "text": f"Now at {event.changed['name'][1]}"},
        )


ALL: tuple[Subscriber, ...] = (inspect_returned, note_lending, follow_name)
