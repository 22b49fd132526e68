"""Reports on time: by user, company, project and work type, what can be billed, and what is missing."""

import datetime
from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from psa_sdk import Answer, AnswerList, Context, get
from psa_sdk.errors import Invalid
from psa_sdk.identity import Directory
from psa_time.availability import attendance, dates
from psa_time.utilisation import utilisation_percent

READ = "time.reports.read"
MOST_DAYS = 366
GROUPED = """
SELECT {group} AS key, currency, count(*) AS entries, sum(duration_minutes)::int AS worked,
    sum(duration_minutes) FILTER (WHERE is_billable)::int AS billable_worked, sum(billable_minutes)::int AS billable,
    sum(total_amount) AS amount
FROM time.entry
WHERE date BETWEEN $1 AND $2 AND ($3::uuid IS NULL OR company = $3) AND ($4::uuid IS NULL OR account = $4)
    AND {group} IS NOT NULL
GROUP BY 1, 2 ORDER BY worked DESC, 1, 2"""
SUMMARY = """
SELECT company, approval_status, billing_status, currency, count(*) AS entries, sum(duration_minutes)::int AS worked,
    sum(billable_minutes)::int AS billable, sum(total_amount) AS amount
FROM time.entry
WHERE is_billable AND date BETWEEN $1 AND $2 AND ($3::uuid IS NULL OR company = $3)
    AND ($4::uuid IS NULL OR account = $4)
GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4"""
PER_DAY = """
SELECT account, date, sum(duration_minutes)::int AS worked FROM time.entry
WHERE date BETWEEN $1 AND $2 AND account = ANY($3::uuid[]) GROUP BY 1, 2"""


class Period(msgspec.Struct, kw_only=True):
    """Both dates are included; company and user narrow the report."""

    start_date: datetime.date
    end_date: datetime.date
    company: UUID | None = None
    user: UUID | None = None


class GroupRow(msgspec.Struct, kw_only=True):
    """The time of one user, company, project or work type (`record`), in one currency."""

    record: UUID
    currency: str
    entries: int
    worked_minutes: int
    billable_worked_minutes: int
    billable_minutes: int
    amount: Decimal


class UserRow(GroupRow, kw_only=True):
    """The time of one user; utilisation is worked billable time per time there, null where nobody was due."""

    name: str
    available_minutes: int
    away_minutes: int
    utilisation_percent: Decimal | None


class SummaryRow(msgspec.Struct, kw_only=True):
    """Billable time of a company in one state."""

    company: UUID
    approval_status: str
    billing_status: str
    currency: str
    entries: int
    worked_minutes: int
    billable_minutes: int
    amount: Decimal


class MissingRow(msgspec.Struct, kw_only=True):
    """A date on which a user logged less than they were there."""

    user: UUID
    name: str
    date: datetime.date
    expected_minutes: int
    worked_minutes: int
    missing_minutes: int


@get("/time-entries/reports/by-user", permission=READ, returns=UserRow, answer_type="time-by-user")
async def by_user(ctx: Context, query: Period) -> AnswerList:
    """Time by user, with utilisation."""
    rows = await _grouped(ctx, query, "account")
    ids = [row.record for row in rows]
    people = await ctx.service(Directory).users(ids)
    there = await attendance(ctx, ids, query.start_date, query.end_date)
    items: list[UserRow] = []
    for row in rows:
        due, away = there.total(row.record)
        items.append(
            UserRow(
                **msgspec.structs.asdict(row),
                name=people[row.record].name if row.record in people else "",
                available_minutes=due,
                away_minutes=away,
                utilisation_percent=utilisation_percent(row.billable_worked_minutes, due, away),
            )
        )
    return _list("time-by-user", items)


@get("/time-entries/reports/by-company", permission=READ, returns=GroupRow, answer_type="time-by-company")
async def by_company(ctx: Context, query: Period) -> AnswerList:
    """Time by company."""
    return _list("time-by-company", await _grouped(ctx, query, "company"))


@get("/time-entries/reports/by-project", permission=READ, returns=GroupRow, answer_type="time-by-project")
async def by_project(ctx: Context, query: Period) -> AnswerList:
    """Time by project; work outside of projects is left out."""
    return _list("time-by-project", await _grouped(ctx, query, "project"))


@get("/time-entries/reports/by-work-type", permission=READ, returns=GroupRow, answer_type="time-by-work-type")
async def by_work_type(ctx: Context, query: Period) -> AnswerList:
    """Time by work type."""
    return _list("time-by-work-type", await _grouped(ctx, query, "work_type"))


@get(
    "/time-entries/reports/billable-summary",
    permission=READ,
    returns=SummaryRow,
    answer_type="billable-summaries",
)
async def billable_summary(ctx: Context, query: Period) -> AnswerList:
    """Billable time by company and state: what is drafted, approved and invoiced."""
    _check(query)
    rows = await ctx.db.fetch(SUMMARY, query.start_date, query.end_date, query.company, query.user)
    return AnswerList(
        items=[
            Answer(
                type="billable-summaries",
                id=f"{row['company']}.{row['approval_status']}.{row['billing_status']}.{row['currency']}",
                attributes=SummaryRow(
                    company=row["company"],
                    approval_status=row["approval_status"],
                    billing_status=row["billing_status"],
                    currency=row["currency"],
                    entries=row["entries"],
                    worked_minutes=row["worked"],
                    billable_minutes=row["billable"],
                    amount=row["amount"],
                ),
            )
            for row in rows
        ]
    )


@get("/time-entries/reports/missing", permission=READ, returns=MissingRow, answer_type="missing-time")
async def missing(ctx: Context, query: Period) -> AnswerList:
    """Dates on which staff who log time logged less than their schedule, absences taken off."""
    _check(query)
    people = {account.id: account for account in await ctx.service(Directory).holders("time.timers.run")}
    ids = [account for account in people if query.user in {None, account}]
    there = await attendance(ctx, ids, query.start_date, query.end_date)
    worked = {
        (row["account"], row["date"]): row["worked"]
        for row in await ctx.db.fetch(PER_DAY, query.start_date, query.end_date, ids)
    }
    items: list[Answer] = []
    for account in ids:
        for date in dates(query.start_date, min(query.end_date, ctx.today)):
            key = (account, date)
            due = max(0, there.expected[key] - there.away.get(key, 0))
            lacking = due - worked.get(key, 0)
            if lacking > 0:
                row = MissingRow(
                    user=account,
                    name=people[account].name,
                    date=date,
                    expected_minutes=due,
                    worked_minutes=worked.get(key, 0),
                    missing_minutes=lacking,
                )
                items.append(Answer(type="missing-time", id=f"{account}.{date}", attributes=row))
    return AnswerList(items=items)


async def _grouped(ctx: Context, query: Period, column: str) -> list[GroupRow]:
    _check(query)
    rows = await ctx.db.fetch(
        GROUPED.format(group=column), query.start_date, query.end_date, query.company, query.user
    )
    return [
        GroupRow(
            record=row["key"],
            currency=row["currency"],
            entries=row["entries"],
            worked_minutes=row["worked"],
            billable_worked_minutes=row["billable_worked"] or 0,
            billable_minutes=row["billable"],
            amount=row["amount"],
        )
        for row in rows
    ]


def _check(query: Period) -> None:
    if not 0 <= (query.end_date - query.start_date).days < MOST_DAYS:
        raise Invalid(
            f"Ask for 1 to {MOST_DAYS} days, the earlier date first.",
            code="bad_dates",
            parameter="end_date",
        )


def _list(type: str, rows: Sequence[Any]) -> AnswerList:
    return AnswerList(
        items=[Answer(type=type, id=f"{row.record}.{row.currency}", attributes=row) for row in rows]
    )


ALL = (by_user, by_company, by_project, by_work_type, billable_summary, missing)
