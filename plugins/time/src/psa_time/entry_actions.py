"""Many entries at once, entries from templates, and prices anew (TIME-21, TIME-36)."""

import datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta

from psa_sdk import Answer, Context, Record, post
from psa_sdk.errors import Fault, Invalid, Problem
from psa_time.api import ENTRIES
from psa_time.entry_pricing import priced
from psa_time.shapes import ClockTime, DayMinutes, EntryWrite, Notes
from psa_time.tables import TimeEntry
from psa_time.timekeeping import default_work_type

NEW = "/data/attributes/entries"


class BulkEntry(EntryWrite, kw_only=True, forbid_unknown_fields=True):
    """One of the entries: its attributes and the ids of what it refers to."""

    work_type: UUID
    user: UUID | None = None
    ticket: UUID | None = None
    project: UUID | None = None
    task: UUID | None = None
    company: UUID | None = None


class BulkEntries(msgspec.Struct, forbid_unknown_fields=True):
    """Up to 500 entries: all of them are made, or none."""

    entries: Annotated[list[BulkEntry], Meta(min_length=1, max_length=500)]


class BulkMade(msgspec.Struct):
    """The made entries, in the order that they were sent in."""

    entries: list[UUID]


@post(
    "/time-entries/bulk",
    permission="time.time_entries.create",
    returns=BulkMade,
    answer_type="bulk-time-entries",
    status=201,
)
async def bulk_create(ctx: Context, body: BulkEntries) -> Answer:
    """Make many entries; if one is refused, none is made and every fault is told with its place."""
    made: list[UUID] = []
    faults: list[Fault] = []
    for place, entry in enumerate(body.entries):
        try:
            async with ctx.savepoint():
                made.append(await ctx.records.create(ENTRIES, _columns(entry)))
        except Problem as problem:
            faults += [_at(place, fault, problem) for fault in problem.faults]
    if faults:
        raise Invalid(faults=faults)
    return Answer(type="bulk-time-entries", attributes=BulkMade(made), status=201)


def _columns(entry: BulkEntry) -> dict[str, Any]:
    values = {name: value for name, value in msgspec.structs.asdict(entry).items() if value is not None}
    if "user" in values:
        values["account"] = values.pop("user")
    return values


def _at(place: int, fault: Fault, problem: Problem) -> Fault:
    name = (fault.pointer or "").rpartition("/")[2]
    return msgspec.structs.replace(
        fault, code=fault.code or problem.code, pointer=f"{NEW}/{place}/{name}".rstrip("/")
    )


class UseTemplate(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """When it was, and what differs from the template."""

    date: datetime.date
    start_time: ClockTime | None = None
    end_time: ClockTime | None = None
    duration_minutes: DayMinutes | None = None
    ticket: UUID | None = None
    company: UUID | None = None
    notes: Notes | None = None


@post(
    "/time-entry-templates/{id:uuid}/use",
    permission="time.time_entries.create",
    returns=ENTRIES,
    status=201,
)
async def use_template(ctx: Context, id: UUID, body: UseTemplate) -> Record:
    """Make an entry from a template."""
    template = await ctx.records.get("time-entry-templates", id)
    given = {name: value for name, value in msgspec.structs.asdict(body).items() if value is not None}
    names = ("work_type", "company", "project", "notes", "is_billable")
    values: dict[str, Any] = {name: template[name] for name in names if template[name] is not None}
    if "start_time" not in given and template["duration_minutes"] is not None:
        values["duration_minutes"] = template["duration_minutes"]
    if "ticket" in given:
        values.pop("company", None)
    values.setdefault("work_type", await default_work_type(ctx))
    return Record(ENTRIES, await ctx.records.create(ENTRIES, {**values, **given}), status=201)


class Reprice(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Which unapproved entries; `preview` shows the same figures and keeps the old ones."""

    start_date: datetime.date
    end_date: datetime.date
    company: UUID | None = None
    ticket: UUID | None = None
    user: UUID | None = None
    preview: bool = True


class RepricedEntry(msgspec.Struct):
    """An entry whose price differs."""

    id: UUID
    old_rate: Decimal | None
    new_rate: Decimal | None
    old_amount: Decimal
    new_amount: Decimal


class Repriced(msgspec.Struct):
    """What was looked at and what differs."""

    preview: bool
    looked_at: int
    changed: list[RepricedEntry]


@post(
    "/time-entries/reprice",
    permission="time.time_entries.reprice",
    returns=Repriced,
    answer_type="repriced-time-entries",
)
async def reprice(ctx: Context, body: Reprice) -> Answer:
    """Price entries that aren't approved by today's rates; approved ones keep theirs."""
    where = (
        (TimeEntry.date >= body.start_date)
        & (TimeEntry.date <= body.end_date)
        & (TimeEntry.approval_status != "approved")
    )
    if body.company is not None:
        where = where & (TimeEntry.company == body.company)
    if body.ticket is not None:
        where = where & (TimeEntry.ticket == body.ticket)
    if body.user is not None:
        where = where & (TimeEntry.account == body.user)
    rows = await ctx.records.find(ENTRIES, where, order="date", limit=5000, lock=not body.preview)
    changed: list[RepricedEntry] = []
    for row in rows:
        new = await priced(ctx, row["id"], row.__getitem__, together=row["billable_minutes"])
        if all(new[name] == row[name] for name in ("hourly_rate", "total_amount", "contract")):
            continue
        changed.append(
            RepricedEntry(
                row["id"], row["hourly_rate"], new["hourly_rate"], row["total_amount"], new["total_amount"]
            )
        )
        if not body.preview:
            await ctx.records.update(ENTRIES, row["id"], new)
    return Answer(
        type="repriced-time-entries",
        attributes=Repriced(preview=body.preview, looked_at=len(rows), changed=changed),
    )


ALL = (bulk_create, use_template, reprice)
