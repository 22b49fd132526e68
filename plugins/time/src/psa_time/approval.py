"""Handing in weeks and deciding on them: draft, submitted, approved, invoiced (TIME-30)."""

import datetime
from collections.abc import Sequence
from typing import Any, Literal
from uuid import UUID

import msgspec

from psa_sdk import Context
from psa_sdk.errors import Conflict, Forbidden, Invalid
from psa_sdk.tables import Condition
from psa_time.api import (
    ENTRIES,
    TimeApproved,
    TimesheetRejected,
    TimesheetSubmitted,
    TimeUnapproved,
)
from psa_time.approvers import APPROVE_ALL, require_decision
from psa_time.locking import require_unlocked
from psa_time.sheets import SHEETS, reopen, week
from psa_time.tables import TimeEntry, Timesheet


class Decision(msgspec.Struct):
    """What was decided: the week, its status now, and the entries that it was about."""

    timesheet: UUID
    user: UUID
    status: Literal["open", "submitted", "approved"]
    entries: list[UUID]


DRAFT = {"approval_status": "draft", "approved_by": None, "approved_at": None, "billing_status": "not_billed"}


async def submit(ctx: Context, account_id: UUID, day: datetime.date) -> UUID:
    """Hand in the drafts of a week."""
    if account_id != ctx.principal.id and not ctx.principal.allows(APPROVE_ALL):
        raise Forbidden("You may hand in your own time only.", code="not_own_time")
    await ctx.db.lock("time.entry", account_id)
    first, last = await week(ctx, day)
    drafts = await _entries(ctx, account_id, first, last, "draft")
    if not drafts:
        raise Conflict(f"There are no drafts between {first} and {last}.", code="nothing_to_submit")
    sheet = await _sheet(ctx, account_id, first, last)
    system = ctx.as_system()
    for entry in drafts:
        await require_unlocked(ctx, entry["id"], entry["date"])
        await system.records.update(
            ENTRIES,
            entry["id"],
            {"approval_status": "submitted", "timesheet": sheet["id"], "rejection_reason": None},
        )
    await system.records.update(
        SHEETS, sheet["id"], {"status": "submitted", "submitted_at": ctx.now, "rejection_reason": None}
    )
    await ctx.emit(TimesheetSubmitted(timesheet_id=sheet["id"], account_id=account_id))
    return sheet["id"]


async def approve(
    ctx: Context, account_id: UUID, day: datetime.date, chosen: Sequence[UUID] | None
) -> Decision:
    """Approve what was handed in of a week, or the chosen part of it."""
    sheet, entries = await _to_decide(ctx, account_id, day, chosen)
    for entry in entries:
        await require_unlocked(ctx, entry["id"], entry["date"])
        await ctx.as_system().records.update(
            ENTRIES,
            entry["id"],
            {
                "approval_status": "approved",
                "approved_by": ctx.principal.id,
                "approved_at": ctx.now,
                "billing_status": "ready_to_bill" if entry["is_billable"] else "not_billed",
            },
        )
    await ctx.emit(
        TimeApproved(entry_ids=[entry["id"] for entry in entries], approved_by_id=ctx.principal.id)
    )
    return await _decided(ctx, sheet, entries, None)


async def reject(
    ctx: Context, account_id: UUID, day: datetime.date, chosen: Sequence[UUID] | None, reason: str
) -> Decision:
    """Give a week, or the chosen part of it, back as drafts."""
    sheet, entries = await _to_decide(ctx, account_id, day, chosen)
    for entry in entries:
        await require_unlocked(ctx, entry["id"], entry["date"])
        await ctx.as_system().records.update(ENTRIES, entry["id"], {**DRAFT, "rejection_reason": reason})
    await ctx.emit(TimesheetRejected(timesheet_id=sheet["id"], account_id=account_id, reason=reason))
    return await _decided(ctx, sheet, entries, reason)


async def unapprove(ctx: Context, entry_id: UUID, reason: str) -> None:
    """Make approved work a draft again, unless it is invoiced."""
    entry = await ctx.as_system().records.get(ENTRIES, entry_id, lock=True)
    await require_decision(ctx, entry["account"])
    if entry["billing_status"] == "billed":
        raise Conflict(
            "The entry is on an invoice; void or credit the invoice first.",
            code="entry_billed",
            meta={"invoice": str(entry["invoice"])},
        )
    if entry["approval_status"] != "approved":
        raise Conflict(
            "Only approved time can be unapproved.",
            code="illegal_transition",
            meta={"status": entry["approval_status"], "allowed": ["approved"]},
        )
    await require_unlocked(ctx, entry_id, entry["date"])
    await ctx.as_system().records.update(ENTRIES, entry_id, {**DRAFT, "rejection_reason": reason})
    await reopen(ctx, entry["account"], entry["date"])
    await ctx.emit(TimeUnapproved(entry_ids=[entry_id]))


async def _to_decide(
    ctx: Context, account_id: UUID, day: datetime.date, chosen: Sequence[UUID] | None
) -> tuple[Any, list[Any]]:
    await require_decision(ctx, account_id)
    first, last = await week(ctx, day)
    entries = await _entries(ctx, account_id, first, last, "submitted")
    if chosen is not None:
        missing = sorted(set(chosen) - {entry["id"] for entry in entries})
        if missing:
            raise Invalid(
                f"{len(missing)} of the entries are not handed in for this week.",
                code="not_submitted",
                pointer="/data/attributes/entries",
                meta={"entries": [str(entry) for entry in missing]},
            )
        entries = [entry for entry in entries if entry["id"] in set(chosen)]
    if not entries:
        raise Conflict(f"Nothing is handed in between {first} and {last}.", code="nothing_submitted")
    return await _sheet(ctx, account_id, first, last), entries


async def _decided(ctx: Context, sheet: Any, entries: Sequence[Any], reason: str | None) -> Decision:
    """Bring the week's status in line with its entries."""
    left = await ctx.db.fetch(
        "SELECT DISTINCT approval_status FROM time.entry WHERE account = $1 AND date BETWEEN $2 AND $3",
        sheet["account"],
        sheet["start_date"],
        sheet["end_date"],
    )
    found = {row["approval_status"] for row in left}
    status = "submitted" if "submitted" in found else "open" if "draft" in found else "approved"
    await ctx.as_system().records.update(
        SHEETS,
        sheet["id"],
        {
            "status": status,
            "decided_at": ctx.now,
            "decided_by": ctx.principal.id,
            "rejection_reason": reason,
        },
    )
    return Decision(sheet["id"], sheet["account"], status, [entry["id"] for entry in entries])


async def _sheet(ctx: Context, account_id: UUID, first: datetime.date, last: datetime.date) -> Any:
    records = ctx.as_system().records
    where: Condition = (Timesheet.account == account_id) & (Timesheet.start_date == first)
    found = await records.find(SHEETS, where, lock=True)
    if found:
        return found[0]
    made = await records.create(
        SHEETS, {"account": account_id, "start_date": first, "end_date": last, "status": "open"}
    )
    return await records.get(SHEETS, made, lock=True)


async def _entries(
    ctx: Context, account_id: UUID, first: datetime.date, last: datetime.date, status: str
) -> list[Any]:
    where = (
        (TimeEntry.account == account_id)
        & (TimeEntry.date >= first)
        & (TimeEntry.date <= last)
        & (TimeEntry.approval_status == status)
    )
    return await ctx.as_system().records.find(ENTRIES, where, order="date", lock=True)
