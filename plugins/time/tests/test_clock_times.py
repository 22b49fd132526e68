"""TIME-10, 11, 14, 15, 22, 31: clock times, midnights and weeks."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from psa_sdk.errors import Invalid
from psa_time.clock_times import (
    Span,
    day_parts,
    instant,
    local_date,
    midnight,
    minutes_per_date,
    overlaps,
    snapped,
    week_of,
)

NEW_YORK, BRUSSELS = ZoneInfo("America/New_York"), ZoneInfo("Europe/Brussels")
zones = st.sampled_from(
    [
        ZoneInfo(name)
        for name in ("America/New_York", "Europe/Brussels", "Asia/Kathmandu", "Australia/Lord_Howe")
    ]
)
instants = st.integers(0, 365 * 86400).map(lambda n: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=n))


def at(day, written, zone):
    return instant(date.fromisoformat(day), written, zone, pointer="/x")


@pytest.mark.parametrize(
    ("day", "start", "end", "zone", "minutes"),
    [
        ("2026-03-08", "01:30", "03:30", NEW_YORK, 60),
        ("2026-11-01", "00:30", "02:30", NEW_YORK, 180),
        ("2026-03-29", "01:49", "03:15", BRUSSELS, 26),
    ],
)
def test_durations_come_from_instants(day, start, end, zone, minutes):
    """TIME-10"""
    assert Span(at(day, start, zone), at(day, end, zone)).seconds == minutes * 60


def test_the_day_on_which_clocks_go_back_has_25_hours():
    """TIME-10"""
    day = date(2026, 10, 25)
    whole = Span(midnight(day, BRUSSELS), midnight(day + timedelta(days=1), BRUSSELS))
    assert whole.seconds == 25 * 3600
    assert [part.date for part in day_parts(whole, BRUSSELS)] == [day]


def test_a_time_that_exists_twice_needs_its_offset():
    """TIME-10"""
    with pytest.raises(Invalid) as refused:
        at("2026-11-01", "01:30", NEW_YORK)
    assert refused.value.code == "ambiguous_local_time"
    assert "01:30-04:00 or 01:30-05:00" in str(refused.value)
    first, second = (at("2026-11-01", f"01:30{offset}", NEW_YORK) for offset in ("-04:00", "-05:00"))
    assert second - first == timedelta(hours=1)


def test_a_skipped_time_does_not_exist():
    """TIME-10"""
    with pytest.raises(Invalid) as refused:
        at("2026-03-08", "02:30", NEW_YORK)
    assert refused.value.code == "nonexistent_local_time"


def test_work_across_midnight_belongs_to_two_local_dates():
    """TIME-11: New York 05-04 23:40 to 05-05 00:25 is 20 and 25 minutes, both on 05-05 in UTC."""
    span = Span(at("2026-05-04", "23:40", NEW_YORK), at("2026-05-05", "00:25", NEW_YORK))
    assert span.start.date() == span.end.date() == date(2026, 5, 5)
    parts = day_parts(span, NEW_YORK)
    assert [(part.date.day, part.span.seconds // 60) for part in parts] == [(4, 20), (5, 25)]


@given(instants, st.integers(0, 4 * 86400), zones)
def test_cutting_at_midnights_loses_nothing(start, seconds, zone):
    """TIME-11: parts touch, cover the span and lie on one local date each."""
    span = Span(start, start + timedelta(seconds=seconds))
    parts = day_parts(span, zone)
    assert parts[0].span.start == span.start
    assert parts[-1].span.end == span.end
    assert all(one.span.end == two.span.start for one, two in pairwise(parts))
    assert all(local_date(part.span.start, zone) == part.date for part in parts)
    assert len({part.date for part in parts}) == len(parts)
    first, last = parts[0].date, parts[-1].date
    assert minutes_per_date([span], zone, first, last) == seconds // 60


def test_touching_ends_do_not_overlap():
    """TIME-14, X-05"""
    nine, ten, eleven = (datetime(2026, 5, 4, hour, tzinfo=UTC) for hour in (9, 10, 11))
    assert not overlaps(Span(nine, ten), Span(ten, eleven))
    assert overlaps(Span(nine, eleven), Span(ten, eleven))


def test_snapping_follows_the_local_clock():
    """TIME-22: a full hour in Kathmandu (+05:45) is no full hour in UTC."""
    kathmandu = ZoneInfo("Asia/Kathmandu")
    moved = snapped(at("2026-05-04", "09:40", kathmandu), 60, kathmandu, "nearest")
    assert moved.astimezone(kathmandu).strftime("%H:%M") == "10:00"
    assert moved.strftime("%M") == "15"
    quarter = snapped(at("2026-05-04", "09:07", kathmandu), 15, kathmandu, "down")
    assert quarter.astimezone(kathmandu).strftime("%H:%M") == "09:00"


@given(st.dates(), st.integers(0, 6))
def test_every_date_is_in_one_week(day, first_weekday):
    """TIME-31"""
    if date.min + timedelta(days=7) < day < date.max - timedelta(days=7):
        first, last = week_of(day, first_weekday)
        assert first <= day <= last
        assert first.weekday() == first_weekday
        assert (last - first).days == 6
        assert week_of(last + timedelta(days=1), first_weekday)[0] == last + timedelta(days=1)
