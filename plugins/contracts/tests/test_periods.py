"""CON-01 and what follows from it: anchored periods."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from psa_contracts.periods import DAY, MONTHS, Period, add_months, number_at, period, period_at, periods

days = st.dates(date(2000, 1, 1), date(2060, 12, 31))
cycles = st.sampled_from(sorted(MONTHS))


def starts(anchor, cycle, count):
    return [str(period(anchor, cycle, number).start) for number in range(count)]


def test_periods_step_from_the_anchor_and_never_drift():
    """CON-01: 2026-01-31 monthly."""
    assert starts(date(2026, 1, 31), "monthly", 5) == [
        "2026-01-31",
        "2026-02-28",
        "2026-03-31",
        "2026-04-30",
        "2026-05-31",
    ]


def test_a_leap_day_comes_back_every_four_years():
    """CON-01: 2028-02-29 yearly."""
    found = starts(date(2028, 2, 29), "annually", 5)
    assert (found[1], found[4]) == ("2029-02-28", "2032-02-29")


def test_quarters_begin_every_three_months():
    assert starts(date(2026, 11, 30), "quarterly", 3) == ["2026-11-30", "2027-02-28", "2027-05-30"]


@given(days, cycles, days)
def test_every_day_lies_in_exactly_one_period(anchor, cycle, day):
    """CON-01: periods cover the calendar without gaps and overlaps."""
    found = period_at(anchor, cycle, day)
    assert found.start <= day <= found.end
    number = number_at(anchor, cycle, day)
    assert period(anchor, cycle, number + 1).start == found.end + DAY
    assert period(anchor, cycle, number - 1).end == found.start - DAY


@given(days, cycles, days, st.integers(0, 400))
def test_a_span_is_covered_by_its_periods(anchor, cycle, first, length):
    last = first + timedelta(days=length)
    parts = [one.within(first, last) for one in periods(anchor, cycle, first, last)]
    assert None not in parts
    assert sum(part.days for part in parts) == length + 1


@given(days, st.integers(-400, 400))
def test_months_keep_the_day_or_end_with_the_month(day, months):
    found = add_months(day, months)
    assert found.day == day.day or (found.day < day.day and (found + DAY).day == 1)


def test_what_lies_outside_is_no_part():
    assert Period(date(2026, 1, 1), date(2026, 1, 31)).within(date(2026, 2, 1), None) is None
