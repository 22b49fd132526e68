"""TIME-01 to TIME-06: worked minutes become billable ones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from psa_time.rounding import Rounding, minutes_of, rounded_minutes, settled, shared_minutes

QUARTER = Rounding(increment_minutes=15, method="up", minimum_minutes=15)
HOURLY = Rounding(increment_minutes=60, method="up", minimum_minutes=60, scope="ticket")
rules = st.builds(
    Rounding,
    increment_minutes=st.integers(1, 240),
    method=st.sampled_from(("up", "down", "nearest")),
    minimum_minutes=st.integers(0, 240),
)
minutes = st.lists(st.integers(0, 1440), min_size=1, max_size=8)


@pytest.mark.parametrize(("worked", "billable"), [(1, 15), (7, 15), (15, 15), (16, 30), (80, 90), (0, 0)])
def test_minimum_first_then_up_to_the_increment(worked, billable):
    """TIME-01"""
    assert rounded_minutes(worked, QUARTER) == billable


@pytest.mark.parametrize(
    ("worked", "rule", "billable"),
    [
        (7, Rounding(increment_minutes=15, method="nearest"), 0),
        (8, Rounding(increment_minutes=15, method="nearest"), 15),
        (45, Rounding(increment_minutes=30, method="nearest"), 60),
        (29, Rounding(increment_minutes=15, method="down"), 15),
        (29, Rounding(increment_minutes=15, method="down", minimum_minutes=60), 60),
    ],
)
def test_nearest_breaks_ties_upwards_and_down_minds_the_minimum(worked, rule, billable):
    """TIME-01"""
    assert rounded_minutes(worked, rule) == billable


@given(st.integers(0, 1440), rules)
def test_what_is_not_billable_is_never_rounded(worked, rule):
    """TIME-01"""
    assert rounded_minutes(worked, rule, billable=False) == worked


@given(st.integers(1, 1440), rules)
def test_rounding_is_a_multiple_near_the_raised_minutes(worked, rule):
    """TIME-01"""
    raised, result = max(worked, rule.minimum_minutes), rounded_minutes(worked, rule)
    assert result % rule.increment_minutes == 0
    assert abs(result - raised) < rule.increment_minutes
    assert {"up": result >= raised, "down": result <= raised, "nearest": True}[rule.method]
    assert rounded_minutes(worked + 1, rule) >= result


def test_the_scope_says_what_is_rounded_together():
    """TIME-03: 45+45+5 with minimum and increment 60: 180 per entry, 95 -> 120 per ticket, on the last entry."""
    assert sum(rounded_minutes(one, HOURLY) for one in (45, 45, 5)) == 180
    assert settled([45, 45, 5], HOURLY) == [45, 45, 30]


@given(minutes, rules)
def test_what_is_settled_adds_up_to_the_rounded_whole(worked, rule):
    """TIME-03, X-03"""
    shares = settled(worked, rule)
    assert sum(shares) == rounded_minutes(sum(worked), rule)
    assert all(share >= 0 for share in shares)


@given(minutes, minutes, rules)
def test_a_group_billed_in_two_invoices_is_never_billed_twice(first, second, rule):
    """TIME-03: what was billed counts; the rest of the group makes up the difference, nothing is taken back."""
    billed = sum(settled(first, rule))
    rest = sum(settled(second, rule, already=(sum(first), billed)))
    assert billed + rest == max(billed, rounded_minutes(sum(first) + sum(second), rule))


@pytest.mark.parametrize(
    ("seconds", "whole"), [(0, 0), (1, 1), (29, 1), (89, 1), (90, 2), (15 * 60 + 20, 15), (15 * 60 + 30, 16)]
)
def test_seconds_become_the_nearest_minute_and_at_least_one(seconds, whole):
    """TIME-06: 15 m 20 s count 15."""
    assert minutes_of(seconds) == whole


@given(st.lists(st.integers(0, 100_000), min_size=1, max_size=10))
def test_stretches_of_a_session_add_up_to_the_session(seconds):
    """TIME-06"""
    parts = shared_minutes(seconds)
    assert sum(parts) == minutes_of(sum(seconds))
    assert all(abs(60 * part - second) < 120 for part, second in zip(parts, seconds, strict=True))
