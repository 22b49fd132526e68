"""What is checked and completed whenever an entry is written."""

import datetime
from typing import Any
from uuid import UUID

from psa_sdk import Change, Context
from psa_sdk.errors import Conflict, Invalid
from psa_time import entry_times, neighbours, sheets
from psa_time.api import ENTRIES, TicketClients
from psa_time.entry_pricing import INPUTS, PRICED, as_rounding, priced, resettled
from psa_time.locking import require_unlocked
from psa_time.rounding import settled

WORKFLOW = frozenset(
    (
        "approval_status",
        "approved_by",
        "approved_at",
        "rejection_reason",
        "billing_status",
        "invoice",
        "invoice_line",
        "timesheet",
        "needs_review",
        "review_reason",
    )
)
"""Columns that only approval and billing write."""
LINKS = frozenset(("ticket", "project", "task"))
PERSON = frozenset(("user", "contact", "api_key"))


async def write_new(ctx: Context, change: Change) -> None:
    """Complete a new entry and make further ones for the days after midnight."""
    new = change.new
    if new.get("account") is None:
        if ctx.principal.kind not in PERSON:
            raise Invalid("Say whose time this is.", code="no_user", pointer="/data/relationships/user")
        new["account"] = ctx.principal.id
    new.setdefault("date", ctx.today)
    await _client(ctx, change)
    await _billable(ctx, change)
    await ctx.db.lock("time.entry", new["account"])
    later = await entry_times.complete(ctx, change)
    given = {name: value for name, value in new.items() if name not in PRICED}
    for columns in later:
        await ctx.records.create(ENTRIES, {**given, **columns})
    await _check_and_price(ctx, change)


async def write_edit(ctx: Context, change: Change) -> None:
    """Check an edit and price the entry again where something that matters changed."""
    new, old = change.new, change.old
    touched = {name for name in new if change.changes(name)}
    if not touched or touched <= PRICED | WORKFLOW:
        return
    if old["approval_status"] == "approved":
        if touched <= LINKS and ctx.principal.kind == "system":
            return  # merges move the link only: amounts, approval and invoice stay (TIC-14)
        raise _settled_already(old)
    await ctx.db.lock("time.entry", old["account"])
    await require_unlocked(ctx, change.id, old["date"])
    if {"ticket", "company", "project"} & touched:
        await _client(ctx, change)
    await _billable(ctx, change)
    later = await entry_times.complete(ctx, change)
    given = {**old, **new}
    for columns in later:
        row = {name: given[name] for name in given if name not in PRICED | WORKFLOW | KERNEL}
        await ctx.records.create(ENTRIES, {**row, **columns})
    if old["approval_status"] == "submitted":
        new["approval_status"] = "draft"
    if {name for name in new if change.changes(name)} & INPUTS:
        await sheets.reopen(ctx, old["account"], old["date"])
        await _check_and_price(ctx, change)


KERNEL = frozenset(("id", "tenant_id", "created_at", "updated_at", "version"))


async def write_delete(ctx: Context, change: Change) -> None:
    """Only drafts go away; what they used up is theirs no longer (TIME-35)."""
    if change.old["approval_status"] == "approved":
        raise _settled_already(change.old)
    await require_unlocked(ctx, change.id, change.old["date"])
    await sheets.reopen(ctx, change.old["account"], change.old["date"])


async def settle_session(ctx: Context, change: Change) -> None:
    """Round what was cut out of one stretch of work as one (TIME-11)."""
    if change.verb == "update" and change.new.keys() <= PRICED | WORKFLOW:
        return
    sessions = {change.old.get("session"), None if change.verb == "delete" else change.value("session")}
    for session in sorted(one for one in sessions if one is not None):
        rows = await ctx.as_system().records.find(
            ENTRIES, neighbours.in_session(session), order="started_at", lock=True
        )
        groups: dict[tuple[Any, ...], list[Any]] = {}
        for row in rows:
            if row["is_billable"] and as_rounding(row["rounding"]).scope == "entry":
                key = (row["rounding_rule"], row["company"], row["ticket"], row["work_type"])
                groups.setdefault(key, []).append(row)
        for group in groups.values():
            rule = as_rounding(group[-1]["rounding"])
            shares = settled([row["duration_minutes"] for row in group], rule)
            for row, share in zip(group, shares, strict=True):
                if row["billable_minutes"] != share and row["approval_status"] != "approved":
                    await ctx.as_system().records.update(ENTRIES, row["id"], resettled(row, share))


async def _check_and_price(ctx: Context, change: Change) -> None:
    account: UUID = change.value("account")
    date: datetime.date = change.value("date")
    await require_unlocked(ctx, change.id, date)
    await sheets.reopen(ctx, account, date)
    await neighbours.check(ctx, change)
    change.new.update(await priced(ctx, change.id, change.value))


async def _client(ctx: Context, change: Change) -> None:
    """The company is the ticket's; a ticket of another company brings its own along (TIME-34)."""
    ticket = change.value("ticket")
    if ticket is not None and ctx.provides(TicketClients):
        company = await ctx.service(TicketClients).company_of(ticket)
        moved = "company" not in change.new or change.new["company"] is None
        if company is not None and moved:
            change.new["company"] = company
        elif company is not None and change.value("company") != company:
            raise Invalid(
                "The ticket belongs to another company; leave the company out.",
                code="other_company",
                pointer="/data/relationships/company",
            )
    if change.value("company") is None:
        raise Invalid(
            "Say for whom the work was: a company, or a ticket that has one.",
            code="no_company",
            pointer="/data/relationships/company",
        )


async def _billable(ctx: Context, change: Change) -> None:
    """Unsaid, the work type says whether work is billable; only billable work can be without charge."""
    if change.value("is_billable") is None:
        change.new["is_billable"] = await ctx.db.fetch_value(
            "SELECT default_billable FROM time.work_type WHERE id = $1", change.value("work_type")
        ) in {True, None}
    if change.value("is_no_charge") and not change.value("is_billable"):
        raise Invalid(
            "Work without charge is shown on the invoice; mark it billable, or not as without charge.",
            code="not_billable",
            pointer="/data/attributes/is_no_charge",
        )


def _settled_already(row: Any) -> Conflict:
    if row["billing_status"] == "billed":
        return Conflict(
            "The entry is on an invoice and can't be changed; void or credit the invoice first.",
            code="entry_billed",
            meta={"invoice": str(row["invoice"])},
        )
    return Conflict(
        "The entry is approved and can't be changed; unapprove it first: POST /time-entries/{id}/unapprove.",
        code="entry_approved",
    )
