"""Business time: the worked examples, and any calendar against a slow reckoning on the wall."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from psa_sla.business_time import ALWAYS, Calendar, Hours, NeverOpen, Window, merged

from . import wall

NY, BE = "America/New_York", "Europe/Berlin"
HOUR = timedelta(hours=1)


def week(zone: str, *windows: tuple[float, float], days: int = 5, **more) -> Hours:
    shift = tuple(Window(int(start * 60), int(end * 60)) for start, end in windows)
    return Hours(Calendar(zone=zone, week=(shift,) * days + ((),) * (7 - days), **more))


S = week(NY, (9, 17), dates={date(2026, 7, 3): ()})


def due(hours, zone: str, start: str, amount: float, seconds: int = 0) -> str:
    end = hours.add(wall.at(zone, start), timedelta(hours=amount, seconds=seconds))
    local = end.astimezone(wall.ZoneInfo(zone))
    return f"{local:%m-%d %H:%M:%S}".removesuffix(":00")


@pytest.mark.parametrize(
    ("id", "hours", "zone", "start", "amount", "wanted"),
    [
        ("SLA-01", S, NY, "2026-06-05 15:00", 4, "06-08 11:00"),
        ("SLA-02", S, NY, "2026-06-08 13:00", 4, "06-08 17:00"),
        ("SLA-03", S, NY, "2026-07-02 16:00", 2, "07-06 10:00"),
        ("SLA-04", S, NY, "2026-06-08 06:00", 2, "06-08 11:00"),
        ("SLA-10", S, NY, "2026-06-05 13:00", 8, "06-08 13:00"),
        ("SLA-20", week(NY, (0, 24), days=7), NY, "2026-06-08 23:30", 1, "06-09 00:30"),
        ("SLA-20 24x7", ALWAYS, NY, "2026-06-08 23:30", 1, "06-09 00:30"),
        ("SLA-21 spring", ALWAYS, NY, "2026-03-08 00:30", 4, "03-08 05:30"),
        ("SLA-21 autumn", ALWAYS, NY, "2026-11-01 00:30", 4, "11-01 03:30"),
        ("SLA-21 as a calendar", week(NY, (0, 24), days=7), NY, "2026-03-08 00:30", 4, "03-08 05:30"),
        ("SLA-21 as a calendar", week(NY, (0, 24), days=7), NY, "2026-11-01 00:30", 4, "11-01 03:30"),
        ("SLA-22", week(NY, (1, 5), days=7), NY, "2026-03-08 01:00", 4, "03-09 02:00"),
        ("SLA-23", week(NY, (9, 12), (13, 17)), NY, "2026-06-08 11:00", 3, "06-08 15:00"),
        ("SLA-23 at noon", week(NY, (9, 12), (13, 17)), NY, "2026-06-08 12:15", 1, "06-08 14:00"),
        (
            "SLA-24",
            week(NY, (22, 30), dates={date(2026, 6, 9): ()}),
            NY,
            "2026-06-08 23:00",
            4,
            "06-09 03:00",
        ),
        ("SLA-26", S, NY, "2026-06-08 09:00", 8 * 0.8, "06-08 15:24"),
    ],
)
def test_worked_examples(id, hours, zone, start, amount, wanted):
    assert due(hours, zone, start, amount) == wanted, id


def test_a_second_beyond_closing_time_is_the_next_morning():
    """SLA-02"""
    assert due(S, NY, "2026-06-08 13:00", 4, seconds=1) == "06-09 09:00:01"


def test_a_holiday_begins_no_night_shift():
    """SLA-24: the other side of it."""
    hours = week(NY, (22, 30), dates={date(2026, 6, 9): ()})
    assert due(hours, NY, "2026-06-08 23:00", 8) == "06-10 23:00"


def test_an_hour_that_clocks_skip_moves_the_end_past_midnight():
    """From 23:30 for 23:45 hours, over the night of 2026-03-08: until 00:15 of the day after the next."""
    around_the_clock = week(NY, (0, 24), days=7)
    start, amount = wall.at(NY, "2026-03-07 23:30"), timedelta(hours=23, minutes=45)
    assert around_the_clock.elapsed(start, wall.at(NY, "2026-03-09 00:15")) == amount
    assert around_the_clock.add(start, amount) == wall.at(NY, "2026-03-09 00:15")


def test_the_calendars_zone_counts():
    """SLA-29: created Monday 15:00 in New York is 21:00 in Berlin."""
    end = week(BE, (9, 17)).add(wall.at(NY, "2026-06-08 15:00"), HOUR)
    assert end == wall.at(BE, "2026-06-09 10:00")


def test_half_days_and_yearly_holidays():
    """SLA-33"""
    hours = week(NY, (9, 17), yearly={"12-25": (), "12-24": (Window(540, 720),)})
    assert due(hours, NY, "2026-12-24 10:00", 3) == "12-28 10:00"
    assert due(hours, NY, "2025-12-24 10:00", 3) == "12-26 10:00"
    once = week(NY, (9, 17), yearly={"12-25": ()}, dates={date(2026, 12, 25): (Window(540, 600),)})
    assert due(once, NY, "2026-12-25 08:00", 1) == "12-25 10:00"


def test_a_calendar_that_never_opens_says_so():
    hours = week(NY)
    with pytest.raises(NeverOpen):
        hours.add(datetime(2026, 1, 1, tzinfo=UTC), HOUR)
    with pytest.raises(NeverOpen):
        hours.subtract(datetime(2026, 1, 1, tzinfo=UTC), HOUR)
    with pytest.raises(NeverOpen):
        hours.next_opening(datetime(2026, 1, 1, tzinfo=UTC))
    assert hours.elapsed(datetime(2020, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)) == timedelta(0)


def test_opening():
    assert S.is_open(wall.at(NY, "2026-06-08 09:00"))
    assert not S.is_open(wall.at(NY, "2026-06-08 17:00"))
    assert S.next_opening(wall.at(NY, "2026-06-06 12:00")) == wall.at(NY, "2026-06-08 09:00")
    assert S.next_opening(wall.at(NY, "2026-06-08 12:00")) == wall.at(NY, "2026-06-08 12:00")


# Around changes of clocks, also at midnight (Havana), by half an hour (Lord Howe) and of a whole day (Apia).
MOMENTS = (
    ("America/New_York", datetime(2026, 3, 8, 7, tzinfo=UTC)),
    ("America/New_York", datetime(2026, 11, 1, 6, tzinfo=UTC)),
    ("Europe/Berlin", datetime(2026, 10, 25, 1, tzinfo=UTC)),
    ("America/Havana", datetime(2026, 3, 8, 5, tzinfo=UTC)),
    ("America/Havana", datetime(2026, 11, 1, 5, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2026, 4, 4, 15, tzinfo=UTC)),
    ("Asia/Kathmandu", datetime(2026, 6, 1, 0, tzinfo=UTC)),
)


@st.composite
def windows(draw) -> tuple[Window, ...]:
    found = []
    for _ in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, 1439))
        found.append(Window(start, start + draw(st.integers(1, 1440))))
    return merged(found)


@st.composite
def calendars(draw) -> tuple[Calendar, datetime]:
    zone, change = draw(st.sampled_from(MOMENTS))
    near = [change.date() + timedelta(days=days) for days in range(-2, 3)]
    calendar = Calendar(
        zone=zone,
        week=tuple(draw(st.lists(windows(), min_size=7, max_size=7))),
        dates=draw(st.dictionaries(st.sampled_from(near), windows(), max_size=2)),
        yearly={
            f"{one:%m-%d}": found
            for one, found in draw(st.dictionaries(st.sampled_from(near), windows(), max_size=1)).items()
        },
    )
    return calendar, change + timedelta(minutes=draw(st.integers(-2000, 1000)))


@settings(max_examples=120, deadline=None)
@given(calendars(), st.integers(0, 2500))
def test_time_between_instants_is_what_the_wall_says(found, minutes):
    calendar, start = found
    end = start + timedelta(minutes=minutes)
    assert Hours(calendar).elapsed(start, end) == wall.elapsed(calendar, start, end)


def test_ten_years_of_a_minute_a_week_are_looked_through():
    hours = Hours(Calendar(zone=BE, week=((Window(540, 541),), *[()] * 6)))
    start, amount = wall.at(BE, "2026-01-05 09:00"), timedelta(minutes=500)
    end = hours.add(start, amount)
    assert end == wall.at(BE, "2035-07-30 09:01")
    assert hours.subtract(end, amount) == start
    with pytest.raises(NeverOpen):
        hours.add(start, amount + timedelta(minutes=30))


@settings(max_examples=120, deadline=None)
@given(calendars(), st.integers(1, 900), st.integers(0, 59))
def test_adding_and_subtracting_agree_with_what_elapses(found, minutes, seconds):
    calendar, start = found
    # Some 520 weeks are looked through, but a minute in each takes long to find.
    longest = max((one.end - one.start for day in calendar.week for one in day), default=0)
    assume(longest * 50 > minutes)
    hours, amount = Hours(calendar), timedelta(minutes=minutes, seconds=seconds)
    end = hours.add(start, amount)
    assert hours.elapsed(start, end) == amount
    assert hours.elapsed(start, end - timedelta.resolution) < amount
    if not seconds and end - start < timedelta(days=4):
        assert end == wall.add(calendar, start, amount)
    begin = hours.subtract(start, amount)
    assert hours.elapsed(begin, start) == amount
    assert hours.elapsed(begin + timedelta.resolution, start) < amount


@settings(max_examples=60, deadline=None)
@given(calendars(), st.integers(0, 3000), st.integers(0, 3000))
def test_elapsing_adds_up(found, first, second):
    calendar, start = found
    hours = Hours(calendar)
    middle = start + timedelta(minutes=first, microseconds=17)
    end = middle + timedelta(minutes=second)
    assert hours.elapsed(start, middle) + hours.elapsed(middle, end) == hours.elapsed(start, end)
    assert hours.elapsed(end, start) in (timedelta(0), hours.elapsed(end, start))
