"""Demonstration data: rates, and a year of internal work and consulting, always the same."""

import datetime
import random
from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from psa_sdk import Context
from psa_sdk.identity import Account, Directory
from psa_time.api import ENTRIES
from psa_time.clock_times import DAY, clock, zone_of
from psa_time.entry_pricing import at_minutes
from psa_time.pricing import Segment
from psa_time.rounding import Rounding, rounded_minutes
from psa_time.timer_routes import RUN

RATE = Decimal(140)
QUARTERS = Rounding(increment_minutes=15, minimum_minutes=15)
APPROVED_BEFORE = datetime.timedelta(days=10)
DAYS = 365
TASKS = (
    ("Daily stand-up", "Internal", 15),
    ("Reviewed open tickets", "Internal", 30),
    ("Quarterly review with the client", "On-site support", 60),
    ("Checked backups and updates", "Remote support", 25),
    ("Planned the migration", "Project work", 90),
)


async def fill(ctx: Context) -> None:
    """Give people rates and log a year of work that hangs on no ticket."""
    staff = await ctx.service(Directory).holders(RUN)
    companies = [row["id"] for row in await ctx.records.find("companies", order="created_at", limit=200)]
    if not staff or not companies:
        return
    dice = random.Random("time")  # noqa: S311 - demonstration data must be the same everywhere
    types = {row["name"]: row for row in await ctx.records.find("work-types")}
    first = ctx.today - DAY * DAYS
    await ctx.records.create_many(
        "hourly-rates",
        [
            {"account": person.id, "hourly_rate": Decimal(dice.choice((120, 135, 150))), "starts_on": first}
            for person in staff
        ],
        history=True,
    )
    currency = await currency_of(ctx)
    rows: list[dict[str, Any]] = []
    for offset in range(DAYS):
        date = first + DAY * offset
        if date.weekday() < 5:
            for person in staff:
                text, kind, minutes = dice.choice(TASKS)
                start = datetime.time(8 + dice.randint(0, 1), dice.choice((0, 15, 30)))
                work = types.get(kind) or next(iter(types.values()))
                moment = datetime.datetime.combine(date, start, tzinfo=zone_of(person.timezone, ctx.timezone))
                rows.append(
                    entry(
                        ctx,
                        person=person,
                        work_type=work["id"],
                        company=dice.choice(companies),
                        start=moment.astimezone(datetime.UTC),
                        minutes=minutes + dice.choice((0, 0, 5, 10)),
                        notes=text,
                        billable=work["default_billable"],
                        currency=currency,
                        approver=approver_of(person, staff),
                    )
                )
    await store(ctx, rows)


async def currency_of(ctx: Context) -> str:
    """Return the tenant's currency."""
    return await ctx.db.fetch_value("SELECT currency FROM psa.tenant WHERE id = psa.current_tenant()")


def approver_of(person: Account, staff: Sequence[Account]) -> Account | None:
    """Return somebody else."""
    return next((other for other in staff if other.id != person.id), None)


async def store(ctx: Context, rows: list[dict[str, Any]]) -> None:
    """Write entries in large batches."""
    for start in range(0, len(rows), 1000):
        await ctx.records.create_many(ENTRIES, rows[start : start + 1000], history=True)


def entry(
    ctx: Context,
    *,
    person: Account,
    work_type: UUID,
    company: UUID,
    start: datetime.datetime,
    minutes: int,
    notes: str,
    billable: bool,
    currency: str,
    approver: Account | None,
    ticket: UUID | None = None,
) -> dict[str, Any]:
    """Return the columns of an entry of the past; what is older than ten days is approved."""
    zone = zone_of(person.timezone, ctx.timezone)
    end = start + datetime.timedelta(minutes=minutes)
    approved = approver is not None and end < ctx.now - APPROVED_BEFORE
    rounded = rounded_minutes(minutes, QUARTERS) if billable else 0
    return {
        "account": person.id,
        "date": start.astimezone(zone).date(),
        "start_time": clock(start, zone),
        "end_time": clock(end, zone),
        "started_at": start,
        "ended_at": end,
        "timezone": str(zone),
        "duration_minutes": minutes,
        "work_type": work_type,
        "ticket": ticket,
        "company": company,
        "notes": notes,
        "is_billable": billable,
        "hourly_rate": RATE,
        "rate_source": "tenant",
        "currency": currency,
        "rounding": msgspec.to_builtins(QUARTERS),
        "approval_status": "approved" if approved else "draft",
        "approved_by": approver.id if approved and approver else None,
        "approved_at": end + datetime.timedelta(days=3) if approved else None,
        "billing_status": "ready_to_bill" if approved and billable else "not_billed",
        "created_at": end,
        "updated_at": end,
        **at_minutes([Segment(minutes, Decimal(1))], rounded, RATE, currency, no_charge=False),
    }
