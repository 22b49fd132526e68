"""What an entry costs: asks contracts, rates, work type and settings, and fills in the priced columns."""

import datetime
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from psa_contacts.api import ContactBook
from psa_sdk import Context
from psa_time.api import HolidayCalendar, RateSource, Terms, WorkFacts
from psa_time.clock_times import Span, local_date, zone_of
from psa_time.pricing import (
    BusinessHours,
    RateOrigin,
    Segment,
    amount,
    chosen_rate,
    fitted,
    premium,
    segments,
)
from psa_time.rounding import EXACT, Rounding, rounded_minutes
from psa_time.settings import TimeSettings, clock_of, weekday_number

PRICED = frozenset(
    (
        "contract",
        "billable_minutes",
        "hourly_rate",
        "rate_source",
        "segments",
        "total_amount",
        "currency",
        "rounding_rule",
        "rounding",
    )
)
"""Columns that pricing fills in."""
INPUTS = frozenset(
    (
        "account",
        "date",
        "started_at",
        "ended_at",
        "duration_minutes",
        "work_type",
        "ticket",
        "project",
        "company",
        "is_billable",
        "is_no_charge",
        "rate_override",
        "session",
    )
)
"""Columns that pricing depends on."""

KNOWN_RATES = """
SELECT DISTINCT ON (origin) origin, hourly_rate FROM (
    SELECT CASE WHEN account IS NOT NULL THEN 'user' WHEN company IS NOT NULL THEN 'company'
            ELSE 'project' END AS origin, hourly_rate, work_type, starts_on
    FROM time.hourly_rate
    WHERE (account = $1 OR company = $2 OR project = $3) AND (work_type IS NULL OR work_type = $4)
        AND starts_on <= $5) r
ORDER BY origin, work_type NULLS LAST, starts_on DESC"""

WORK_TYPE = """
SELECT w.default_rate, w.rate_multiplier, r.id AS rule, r.increment_minutes, r.rounding_method, r.minimum_minutes,
    r.scope, (SELECT currency FROM psa.tenant WHERE id = psa.current_tenant()) AS currency
FROM time.work_type w
LEFT JOIN time.rounding_rule r ON r.tenant_id = w.tenant_id
    AND (r.id = w.rounding_rule OR w.rounding_rule IS NULL AND r.is_default)
WHERE w.id = $1"""

Value = Callable[[str], Any]


def as_segments(stored: Any) -> list[Segment]:
    """Return stored segments as values."""
    return msgspec.convert(stored, list[Segment], strict=False)


def as_rounding(stored: Any) -> Rounding:
    """Return a stored rule as a value."""
    return msgspec.convert(stored, Rounding)


async def priced(
    ctx: Context, entry_id: UUID, value: Value, *, together: int | None = None
) -> dict[str, Any]:
    """Return the priced columns of an entry whose columns `value` gives (TIME-20, TIME-21, TIME-34).

    Where minutes are rounded together with others', `together` is the entry's share so far.
    """
    kind = await ctx.db.fetch_one(WORK_TYPE, value("work_type"))
    if kind is None:
        return {"currency": "", "rounding": msgspec.to_builtins(EXACT)}  # the reference itself is refused
    terms = await _terms(ctx, entry_id, value)
    own = await ctx.settings(TimeSettings)
    rows = await ctx.db.fetch(
        KNOWN_RATES,
        value("account"),
        value("company"),
        value("project"),
        value("work_type"),
        value("date"),
    )
    known: dict[RateOrigin, Decimal | None] = {row["origin"]: row["hourly_rate"] for row in rows}
    known |= {
        "entry": value("rate_override"),
        "contract": terms.hourly_rate,
        "work_type": kind["default_rate"],
        "tenant": own.default_rate,
    }
    rate, origin = chosen_rate(known)
    rule = terms.rounding or (_rule(kind) if kind["rule"] else EXACT)
    found: dict[str, Any] = {
        "contract": terms.contract_id,
        "hourly_rate": rate,
        "rate_source": origin,
        "currency": kind["currency"],
        "rounding_rule": None if terms.rounding else kind["rule"],
        "rounding": msgspec.to_builtins(rule),
    }
    worked: int = value("duration_minutes")
    alone = rule.scope == "entry" and value("session") is None
    billable = 0
    if value("is_billable"):
        billable = rounded_minutes(worked, rule) if alone else worked if together is None else together
    always = kind["rate_multiplier"] if terms.premium_multiplier is None else terms.premium_multiplier
    parts = await _segments(ctx, value, terms, always, own)
    return found | at_minutes(parts, billable, rate, kind["currency"], no_charge=value("is_no_charge"))


def at_minutes(
    parts: list[Segment], billable: int, rate: Decimal | None, currency: str, *, no_charge: bool
) -> dict[str, Any]:
    """Return the columns that follow from a number of billable minutes; no charge costs 0.00 (TIME-33)."""
    kept = fitted(parts, billable)
    return {
        "billable_minutes": billable,
        "segments": [{"minutes": part.minutes, "multiplier": str(part.multiplier)} for part in kept],
        "total_amount": Decimal(0) if no_charge else amount(kept, rate, currency).amount,
    }


def resettled(row: Mapping[str, Any], billable: int) -> dict[str, Any]:
    """Return the columns of a stored entry at another number of billable minutes."""
    return at_minutes(
        as_segments(row["segments"]),
        billable,
        row["hourly_rate"],
        row["currency"],
        no_charge=row["is_no_charge"],
    )


def _rule(row: Mapping[str, Any]) -> Rounding:
    return Rounding(
        increment_minutes=row["increment_minutes"],
        method=row["rounding_method"],
        minimum_minutes=row["minimum_minutes"],
        scope=row["scope"],
    )


async def _terms(ctx: Context, entry_id: UUID, value: Value) -> Terms:
    if not ctx.provides(RateSource):
        return Terms()
    work = WorkFacts(
        entry_id=entry_id,
        account_id=value("account"),
        company_id=value("company"),
        work_type_id=value("work_type"),
        date=value("date"),
        ticket_id=value("ticket"),
        project_id=value("project"),
        contract_id=value("contract"),
    )
    return await ctx.service(RateSource).terms(work) or Terms()


async def _segments(
    ctx: Context, value: Value, terms: Terms, always: Decimal, own: TimeSettings
) -> list[Segment]:
    if value("started_at") is None:
        return [Segment(value("duration_minutes"), premium(always))]
    company: UUID = value("company")
    facts = await ctx.service(ContactBook).companies([company])
    zone = zone_of(facts[company].timezone if company in facts else None, ctx.timezone)
    span = Span(value("started_at"), value("ended_at"))
    factor = terms.after_hours_multiplier or own.after_hours_multiplier
    holidays: frozenset[datetime.date] = frozenset()
    if ctx.provides(HolidayCalendar):
        first, last = local_date(span.start, zone), local_date(span.end, zone)
        holidays = frozenset(await ctx.service(HolidayCalendar).holidays(company, first, last))
    hours = BusinessHours(
        start=clock_of(own.business_start),
        end=clock_of(own.business_end),
        weekdays=frozenset(weekday_number(day) for day in own.business_days),
        holidays=holidays,
        multiplier=premium(factor),
    )
    return segments(span, zone, hours, always)
