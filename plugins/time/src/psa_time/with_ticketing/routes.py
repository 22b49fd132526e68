"""Time on a ticket over HTTP: logging it there, moving it to another one."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta

from psa_sdk import Answer, Context, Record, post
from psa_sdk.errors import Invalid
from psa_ticketing.api import TICKETS, ServiceDesk
from psa_time.api import ENTRIES
from psa_time.shapes import EntryWrite


class TicketEntry(EntryWrite, kw_only=True, forbid_unknown_fields=True):
    """An entry of the ticket in the URL."""

    work_type: UUID
    user: UUID | None = None


class MoveEntries(msgspec.Struct, forbid_unknown_fields=True):
    """Which entries of the ticket go to which other one."""

    target: UUID
    entries: Annotated[list[UUID], Meta(min_length=1, max_length=500)]


class MovedEntries(msgspec.Struct):
    """The moved entries and the minutes worked in them."""

    target: UUID
    entries: list[UUID]
    worked_minutes: int


@post("/tickets/{id:uuid}/time-entries", permission="time.time_entries.create", returns=ENTRIES, status=201)
async def log_on_ticket(ctx: Context, id: UUID, body: TicketEntry) -> Record:
    """Log time on a ticket."""
    await ctx.records.get(TICKETS, id)
    values: dict[str, Any] = {
        name: value for name, value in msgspec.structs.asdict(body).items() if value is not None
    }
    if "user" in values:
        values["account"] = values.pop("user")
    return Record(ENTRIES, await ctx.records.create(ENTRIES, {**values, "ticket": id}), status=201)


@post(
    "/tickets/{id:uuid}/time-entries/move",
    permission="ticketing.tickets.split",
    returns=MovedEntries,
    answer_type="moved-time-entries",
)
async def move_entries(ctx: Context, id: UUID, body: MoveEntries) -> Answer:
    """Move chosen time to another ticket, as after a split; approved time keeps its amounts (TIC-14, TIC-16)."""
    await ctx.records.get(TICKETS, id)
    await ctx.records.get(TICKETS, body.target)
    company = (await ctx.service(ServiceDesk).tickets([body.target]))[body.target].company_id
    ids = sorted(set(body.entries))
    minutes = 0
    for entry_id in ids:
        entry = await ctx.records.get(ENTRIES, entry_id, lock=True)
        if entry["ticket"] != id:
            raise Invalid(
                "Some of the entries are not on this ticket.",
                code="other_ticket",
                pointer="/data/attributes/entries",
                meta={"entry": str(entry_id)},
            )
        values: dict[str, Any] = {"ticket": body.target}
        if entry["approval_status"] != "approved" and company is not None and company != entry["company"]:
            values["company"] = company
        await ctx.as_system().records.update(ENTRIES, entry_id, values)
        minutes += entry["duration_minutes"]
    return Answer(
        type="moved-time-entries",
        id=str(id),
        attributes=MovedEntries(target=body.target, entries=ids, worked_minutes=minutes),
    )


ALL = (log_on_ticket, move_entries)
