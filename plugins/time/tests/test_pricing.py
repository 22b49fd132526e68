"""TIME-02, 04, 05, 20, 33, 37, 38: rates, segments, amounts, utilisation. No float anywhere."""

import ast
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

import psa_time
from psa_time.availability import Plan, expected_minutes
from psa_time.clock_times import Span
from psa_time.pricing import (
    RATE_ORDER,
    BusinessHours,
    Segment,
    amount,
    chosen_rate,
    exact_amount,
    fitted,
    grouped,
    premium,
    segments,
)
from psa_time.rounding import Rounding, rounded_minutes
from psa_time.utilisation import utilisation_percent

HOURS = BusinessHours(start=time(8), end=time(17), weekdays=frozenset(range(5)), multiplier=Decimal("1.5"))
LISBON = ZoneInfo("Europe/Lisbon")
rates = st.decimals(0, 500, places=4, allow_nan=False, allow_infinity=False)
factors = st.sampled_from([Decimal(1), Decimal("1.5"), Decimal(2)])
parts = st.lists(st.builds(Segment, st.integers(0, 600), factors), min_size=1, max_size=4)


def plain(minutes):
    return [Segment(minutes, Decimal(1))]


def span(day, start, end):
    first = datetime(2026, 5, day, *map(int, start.split(":")), tzinfo=LISBON)
    last = datetime(2026, 5, day, *map(int, end.split(":")), tzinfo=LISBON)
    return Span(first.astimezone(UTC), last.astimezone(UTC))


def test_worked_and_billable_minutes_are_apart():
    """TIME-02: 13:38 to 14:58 are 80 worked, 90 billable, 225.00 at 150."""
    worked = span(4, "13:38", "14:58").seconds // 60
    billable = rounded_minutes(worked, Rounding(increment_minutes=15, minimum_minutes=15))
    assert (worked, billable) == (80, 90)
    assert str(amount(plain(billable), Decimal(150), "USD").amount) == "225.00"


def test_the_price_comes_from_minutes_not_from_displayed_hours():
    """TIME-04: 20 minutes at 150 are 50.00, not 0.33 x 150."""
    assert str(amount(plain(20), Decimal(150), "USD").amount) == "50.00"


def test_a_grouped_line_is_priced_as_a_whole():
    """TIME-05: 3 x 20 minutes at 100 are 100.00, carried as 33.34, 33.33, 33.33."""
    shares = grouped([(plain(20), Decimal(100))] * 3, "USD")
    assert [str(share.amount) for share in shares] == ["33.34", "33.33", "33.33"]


@given(st.lists(st.tuples(parts, rates), min_size=1, max_size=6), st.sampled_from(["USD", "JPY", "KWD"]))
def test_a_groups_amounts_add_up_to_the_groups(lines, currency):
    """TIME-05, X-03"""
    whole = sum((exact_amount(one, rate) for one, rate in lines), Decimal(0))
    shares = grouped(lines, currency)
    expected = amount([Segment(60, Decimal(1))], whole, currency).amount
    assert sum(share.amount for share in shares) == expected


def test_the_closest_rate_decides():
    """TIME-20: entry, contract, project, company, user, work type, tenant."""
    known = {origin: Decimal(place) for place, origin in enumerate(RATE_ORDER)}
    for place, origin in enumerate(RATE_ORDER):
        assert chosen_rate(known) == (Decimal(place), origin)
        del known[origin]
    assert chosen_rate(known) == (None, "none")
    assert chosen_rate({"entry": Decimal(0), "tenant": Decimal(90)}) == (Decimal(0), "entry")


def test_after_hours_are_priced_by_segment():
    """TIME-20: 16:30 to 18:30, hours till 17:00, 100, x1.5: 30 x 100 + 90 x 150 = 275.00"""
    cut = segments(span(4, "16:30", "18:30"), LISBON, HOURS)
    assert cut == [Segment(30, Decimal(1)), Segment(90, Decimal("1.5"))]
    assert str(amount(cut, Decimal(100), "USD").amount) == "275.00"


def test_the_highest_premium_wins():
    """TIME-20: 2.0 and 1.5 are 2.0, never 3.0."""
    assert premium(Decimal("2.0"), Decimal("1.5")) == Decimal("2.0")
    cut = segments(span(4, "16:30", "18:30"), LISBON, HOURS, Decimal(2))
    assert cut == [Segment(120, Decimal(2))]


def test_the_clients_holiday_counts_as_after_hours():
    """TIME-20"""
    closed = BusinessHours(
        start=HOURS.start,
        end=HOURS.end,
        weekdays=HOURS.weekdays,
        multiplier=HOURS.multiplier,
        holidays=frozenset([date(2026, 5, 4)]),
    )
    assert segments(span(4, "10:00", "11:00"), LISBON, closed) == [Segment(60, Decimal("1.5"))]
    assert segments(span(9, "10:00", "11:00"), LISBON, HOURS) == [Segment(60, Decimal("1.5"))]


def test_a_span_without_length_is_classified_by_its_start():
    """TIME-20"""
    assert segments(span(4, "16:59", "16:59"), LISBON, HOURS) == [Segment(0, Decimal(1))]
    assert segments(span(4, "17:00", "17:00"), LISBON, HOURS) == [Segment(0, Decimal("1.5"))]


@given(
    st.integers(0, 365 * 1440).map(lambda n: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=n)),
    st.integers(0, 3 * 1440),
    factors,
)
def test_segments_add_up_to_the_span(start, minutes, always):
    """TIME-20, X-03"""
    whole = Span(start, start + timedelta(minutes=minutes))
    cut = segments(whole, LISBON, HOURS, always)
    assert sum(part.minutes for part in cut) == minutes
    assert all(one.multiplier != two.multiplier for one, two in pairwise(cut))


@given(parts, st.integers(0, 3000))
def test_fitted_segments_add_up_to_the_billable_minutes(given_parts, minutes):
    """TIME-02"""
    assert sum(part.minutes for part in fitted(given_parts, minutes)) == minutes


def test_utilisation_takes_worked_minutes_and_leaves_absence_out():
    """TIME-37: 24 h of 40 - 8 are 75.0 %; division by 0 is null."""
    assert utilisation_percent(24 * 60, 40 * 60, 8 * 60) == Decimal("75.0")
    assert utilisation_percent(60, 480, 480) is None


def test_part_timers_and_starters_are_due_what_they_agreed_to():
    """TIME-38"""
    week = (480,) * 5 + (0, 0)
    part_time = Plan(date(2026, 5, 4), (480, 480, 0, 0, 0, 0, 0), ends_on=date(2026, 5, 12))
    due = [expected_minutes([part_time], week, date(2026, 5, day)) for day in (1, 4, 5, 6, 11, 12, 18)]
    assert due == [0, 480, 480, 0, 480, 480, 0]
    assert expected_minutes([], week, date(2026, 5, 6)) == 480


def test_no_float_enters():
    """X-01: neither a literal, nor the type, nor a division of integers into one."""
    faults = []
    for path in sorted(Path(psa_time.__file__).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            literal = isinstance(node, ast.Constant) and isinstance(node.value, float)
            named = isinstance(node, ast.Name) and node.id == "float"
            if literal or named:
                faults.append(f"{path.name}:{node.lineno}")
    assert faults == []
