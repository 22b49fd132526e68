"""Weeks over HTTP: the sheet itself, handing in, deciding."""

import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from psa_sdk import Answer, Context, Record, get, post
from psa_sdk.errors import Invalid
from psa_time import approval
from psa_time.api import ENTRIES
from psa_time.approval import Decision
from psa_time.approvers import decides
from psa_time.sheets import SHEETS
from psa_time.tables import TimeEntry

DECIDE = "time.timesheets.decide"
MOST_DAYS = 92
Reason = Annotated[str, Meta(min_length=3, max_length=2000)]
Chosen = Annotated[list[UUID], Meta(min_length=1, max_length=1000)]


class SubmitSheet(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The week around a date, one's own unless a user is named."""

    start_date: datetime.date
    user: UUID | None = None


class ApproveSheet(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A user's week around a date, all that was handed in unless entries are named."""

    user: UUID
    start_date: datetime.date
    entries: Chosen | None = None


class RejectSheet(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A user's week around a date, all that was handed in unless entries are named, and why."""

    user: UUID
    start_date: datetime.date
    reason: Reason
    entries: Chosen | None = None


class Unapprove(msgspec.Struct, forbid_unknown_fields=True):
    """Why."""

    reason: Reason


class SheetDay(msgspec.Struct):
    """A date's minutes."""

    date: datetime.date
    worked_minutes: int
    billable_minutes: int
    entries: int


class SheetLine(msgspec.Struct):
    """An entry, as much of it as deciding needs."""

    id: UUID
    date: datetime.date
    worked_minutes: int
    billable_minutes: int
    company: UUID
    ticket: UUID | None
    work_type: UUID
    notes: str
    is_billable: bool
    needs_review: bool
    approval_status: str


class SheetView(msgspec.Struct):
    """A user's time between two dates, as far as the caller sees it or decides on it."""

    user: UUID
    start_date: datetime.date
    end_date: datetime.date
    worked_minutes: int
    billable_minutes: int
    statuses: dict[str, int]
    days: list[SheetDay]
    entries: list[SheetLine]


@get(
    "/timesheets/{user_id:uuid}/{start_date:date}/{end_date:date}",
    permission="time.time_entries.read",
    returns=SheetView,
    answer_type="timesheet-views",
)
async def show_sheet(
    ctx: Context, user_id: UUID, start_date: datetime.date, end_date: datetime.date
) -> Answer:
    """Return a user's time by day."""
    if not 0 <= (end_date - start_date).days < MOST_DAYS:
        raise Invalid(f"Ask for 1 to {MOST_DAYS} days, the earlier date first.", code="bad_dates")
    where = (TimeEntry.account == user_id) & (TimeEntry.date >= start_date) & (TimeEntry.date <= end_date)
    records = ctx.as_system().records if await decides(ctx, user_id) else ctx.records
    rows = await records.find(ENTRIES, where, order="date", limit=10_000)
    days = [
        start_date + datetime.timedelta(days=offset) for offset in range((end_date - start_date).days + 1)
    ]
    statuses: dict[str, int] = {}
    for row in rows:
        statuses[row["approval_status"]] = statuses.get(row["approval_status"], 0) + row["duration_minutes"]
    view = SheetView(
        user=user_id,
        start_date=start_date,
        end_date=end_date,
        worked_minutes=sum(row["duration_minutes"] for row in rows),
        billable_minutes=sum(row["billable_minutes"] for row in rows),
        statuses=statuses,
        days=[
            SheetDay(
                day,
                sum(row["duration_minutes"] for row in rows if row["date"] == day),
                sum(row["billable_minutes"] for row in rows if row["date"] == day),
                sum(row["date"] == day for row in rows),
            )
            for day in days
        ],
        entries=[
            SheetLine(
                id=row["id"],
                date=row["date"],
                worked_minutes=row["duration_minutes"],
                billable_minutes=row["billable_minutes"],
                company=row["company"],
                ticket=row["ticket"],
                work_type=row["work_type"],
                notes=row["notes"],
                is_billable=row["is_billable"],
                needs_review=row["needs_review"],
                approval_status=row["approval_status"],
            )
            for row in rows
        ],
    )
    return Answer(type="timesheet-views", id=str(user_id), attributes=view)


@post("/timesheets/submit", permission="time.timesheets.submit", returns=SHEETS)
async def submit_sheet(ctx: Context, body: SubmitSheet) -> Record:
    """Hand in a week."""
    return Record(SHEETS, await approval.submit(ctx, body.user or ctx.principal.id, body.start_date))


@post("/timesheets/approve", permission=DECIDE, returns=Decision, answer_type="timesheet-decisions")
async def approve_sheet(ctx: Context, body: ApproveSheet) -> Answer:
    """Approve what was handed in of a week, or a part of it."""
    return _answer(await approval.approve(ctx, body.user, body.start_date, body.entries))


@post("/timesheets/reject", permission=DECIDE, returns=Decision, answer_type="timesheet-decisions")
async def reject_sheet(ctx: Context, body: RejectSheet) -> Answer:
    """Give what was handed in of a week back, or a part of it."""
    return _answer(await approval.reject(ctx, body.user, body.start_date, body.entries, body.reason))


@post("/time-entries/{id:uuid}/unapprove", permission=DECIDE, status=204)
async def unapprove_entry(ctx: Context, id: UUID, body: Unapprove) -> None:
    """Make approved time a draft again, while it isn't invoiced."""
    await approval.unapprove(ctx, id, body.reason)


def _answer(decision: Decision) -> Answer:
    # Delegates decide on weeks that they don't see otherwise: no record of theirs to answer with.
    return Answer(type="timesheet-decisions", id=str(decision.timesheet), attributes=decision)


ALL = (show_sheet, submit_sheet, approve_sheet, reject_sheet, unapprove_entry)
