"""CON-06: terms, notice, uplift, warnings."""

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from psa_contracts.periods import DAY, Period
from psa_contracts.renewal import WARN_DAYS, Ending, ending, next_term, terms_until, uplifted, warnings_due

YEAR = {"start": date(2026, 1, 1), "end": date(2026, 12, 31), "notice_days": 30, "months": 12}


def test_an_uplift_raises_the_unit_price():
    """CON-06: 99.00 and 3 % are 101.97."""
    assert str(uplifted(Decimal("99.00"), Decimal(3), "USD")) == "101.97"
    assert str(uplifted(Decimal(100), Decimal("2.5"), "JPY")) == "103"


def test_the_next_term_begins_the_day_after():
    assert next_term(date(2026, 1, 1), date(2026, 12, 31), 12) == Period(date(2027, 1, 1), date(2027, 12, 31))


def test_terms_are_counted_from_the_start_and_do_not_drift():
    """CON-01 for terms: a leap day comes back."""
    terms = list(terms_until(date(2028, 2, 29), date(2029, 2, 27), 12, date(2032, 6, 1)))
    assert [str(term.start) for term in terms] == ["2029-02-28", "2030-02-28", "2031-02-28", "2032-02-29"]


def test_notice_in_time_ends_the_term_and_late_notice_the_next():
    """CON-06: a notice window of 30 days."""
    assert ending(given=date(2026, 12, 1), renews=True, **YEAR) == Ending(date(2026, 12, 31), renews=False)
    assert ending(given=date(2026, 12, 2), renews=True, **YEAR) == Ending(date(2027, 12, 31), renews=True)
    assert ending(given=date(2026, 12, 31), renews=False, **YEAR) == Ending(date(2026, 12, 31), renews=False)
    open_ended = YEAR | {"end": None}
    assert ending(given=date(2026, 5, 1), renews=False, **open_ended) == Ending(
        date(2026, 5, 31), renews=False
    )


@given(st.dates(date(2020, 1, 1), date(2040, 1, 1)), st.integers(1, 60), st.integers(1, 12))
def test_terms_follow_each_other_without_gaps(start, months, count):
    end = next_term(start, start - DAY, months).end
    through = end + timedelta(days=count * 100)
    for term in terms_until(start, end, months, through):
        assert term.start == end + DAY
        end = term.end
    assert end >= through


@given(st.integers(0, 100), st.integers(0, 100))
def test_each_warning_is_told_once_however_often_it_is_looked_for(first, step):
    """CON-06: 90, 60, 30 and 7 days, once each."""
    end, sent = date(2026, 12, 31), []
    day = end - timedelta(days=first + 95)
    while day <= end:
        sent += warnings_due(end, day, sent)
        day += timedelta(days=1 + step % 9)
    assert len(sent) == len(set(sent))
    assert set(sent) <= set(WARN_DAYS)


def test_warnings_come_on_their_days():
    """CON-06"""
    end, sent, told = date(2026, 12, 31), [], {}
    for left in range(100, -1, -1):
        due = warnings_due(end, end - timedelta(days=left), sent)
        sent += due
        told |= dict.fromkeys(due, left)
    assert told == {90: 90, 60: 60, 30: 30, 7: 7}
