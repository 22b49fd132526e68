"""The clock as a fold over its log: pauses, priorities, calendars that change, reopening, thresholds."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from psa_sla import clock
from psa_sla.business_time import ALWAYS
from psa_sla.clock import BREACH, Stretch, Threshold

from . import wall
from .test_business_time import HOUR, NY, S, week

MINUTE = timedelta(minutes=1)


def ny(text: str) -> datetime:
    return wall.at(NY, f"2026-06-{text}")


def log(*steps, target: float | None = 8, hours=S):
    """`("05 13:00", "running")` and, where they change, the target in hours and the calendar."""
    found = []
    for at, state, *more in steps:
        target = more[0] if more else target
        hours = more[1] if len(more) > 1 else hours
        found.append(
            Stretch(
                at=at if isinstance(at, datetime) else ny(at),
                state=state,
                hours=hours,
                target=None if target is None else target * HOUR,
            )
        )
    return found


def test_a_pause_stops_the_clock():
    """SLA-10: 8 h from Friday 13:00, waiting Friday 15:00 to Monday 10:00."""
    assert clock.due(log(("05 13:00", "running"))) == ny("08 13:00")
    waiting = log(("05 13:00", "running"), ("05 15:00", "paused"))
    assert clock.consumed(waiting, ny("08 09:30")) == 2 * HOUR
    assert clock.due(waiting) is None
    assert clock.remaining(waiting, ny("08 09:30")) == 6 * HOUR
    assert clock.due([*waiting, *log(("08 10:00", "running"))]) == ny("08 16:00")


def test_waiting_while_closed_changes_nothing():
    """SLA-11"""
    assert clock.due(log(("05 13:00", "running"), ("05 18:00", "paused"), ("07 12:00", "running"))) == ny(
        "08 13:00"
    )


def test_short_pauses_count():
    """SLA-12: ten of 59 seconds."""
    steps, at = [], ny("08 09:00")
    for _ in range(10):
        steps += [(at, "paused"), (at + timedelta(seconds=59), "running")]
        at += 10 * MINUTE
    assert clock.due(log(*steps, target=4)) == ny("08 13:09:50")


def test_another_priority_keeps_what_was_consumed():
    """SLA-13"""
    assert clock.due(log(("05 13:00", "running"), ("05 14:30", "running", 2))) == ny("05 15:00")
    paused = (
        ("05 13:00", "running"),
        ("05 14:00", "paused"),
        ("05 16:00", "running"),
        ("05 16:30", "running", 2),
    )
    assert clock.due(log(*paused)) == ny("05 17:00")


def test_a_target_that_was_passed_already_is_breached_when_it_was():
    """SLA-13: not when the priority changed."""
    late = log(("05 13:00", "running"), ("05 16:30", "running", 2))
    assert clock.due(late) == ny("05 15:00")
    assert clock.verdict(late, breached=False, now=ny("05 16:30")) == "breached"


def test_a_changed_calendar_holds_from_the_change_on():
    """SLA-14: two hours on the old one, then it opens at 11 only."""
    assert clock.due(log(("05 15:00", "running", 4), ("06 12:00", "running", 4, week(NY, (11, 17))))) == ny(
        "08 13:00"
    )


@pytest.mark.parametrize(("answered", "wanted"), [("08 11:00", "met"), ("08 11:00:01", "breached")])
def test_exactly_due_is_in_time(answered, wanted):
    """SLA-07"""
    assert (
        clock.verdict(
            log(("05 15:00", "running", 4), (answered, "stopped")), breached=False, now=ny("09 12:00")
        )
        == wanted
    )


def test_an_open_clock_is_undecided_until_it_is_overdue():
    open_ = log(("05 15:00", "running", 4))
    assert clock.verdict(open_, breached=False, now=ny("08 11:00")) == "undecided"
    assert clock.verdict(open_, breached=False, now=ny("08 11:00:01")) == "breached"
    assert (
        clock.verdict(log(("05 15:00", "running", None)), breached=False, now=ny("30 11:00")) == "undecided"
    )


def test_warnings_are_in_business_time():
    """SLA-25: 08-18, 4 h from Monday 17:00."""
    running = log(("08 17:00", "running", 4, week(NY, (8, 18))))
    found = clock.crossings(running, [BREACH, Threshold(percent=80), Threshold(before=HOUR)])
    assert [(one.name, at) for at, one in found] == [
        ("60m", ny("09 10:00")),
        ("80%", ny("09 10:12")),
        ("100%", ny("09 11:00")),
    ]


def test_eighty_percent_of_a_day():
    """SLA-26"""
    assert clock.reaches(log(("08 09:00", "running")), Threshold(percent=80).level(8 * HOUR)) == ny(
        "08 15:24"
    )


def test_reopening_goes_on_where_it_stopped():
    """SLA-27: 3 of 8 h consumed, resolved Monday 12:00, reopened Wednesday 10:00."""
    resolved = log(("08 09:00", "running"), ("08 12:00", "stopped"))
    assert clock.verdict(resolved, breached=False, now=ny("08 12:00")) == "met"
    again = [*resolved, *log(("10 10:00", "running"))]
    assert clock.due(again) == ny("10 15:00")
    assert clock.verdict(again, breached=False, now=ny("10 10:00")) == "undecided"
    assert clock.verdict(again, breached=True, now=ny("10 10:00")) == "breached"


def test_what_remains_is_negative_when_overdue():
    """SLA-35"""
    assert clock.remaining(log(("08 09:00", "running", 2)), ny("08 13:00")) == -2 * HOUR
    assert clock.remaining(log(("08 09:00", "running", None)), ny("08 13:00")) is None


def test_merged_tickets_leave():
    """SLA-28"""
    assert (
        clock.verdict(
            log(("08 09:00", "running", 2), ("08 15:00", "left")), breached=True, now=ny("09 09:00")
        )
        == "left"
    )


@st.composite
def stories(draw):
    """A log of whole minutes in one week, and the minutes at which things happened."""
    at, steps = 0, []
    for _ in range(draw(st.integers(1, 6))):
        state = draw(st.sampled_from(["running", "running", "paused", "stopped"]))
        hours = draw(st.sampled_from([S, ALWAYS, week(NY, (22, 30)), week(NY, (9, 12), (13, 17))]))
        steps.append((ny("04 08:00") + at * MINUTE, state, draw(st.integers(1, 20)), hours))
        at += draw(st.integers(1, 1500))
    return log(*steps), ny("04 08:00") + at * MINUTE


@settings(max_examples=80, deadline=None)
@given(stories())
def test_what_is_consumed_is_what_the_wall_says(story):
    found, until = story
    expected = timedelta(0)
    for stretch, end in zip(found, [*(one.at for one in found[1:]), until], strict=True):
        if stretch.state == "running":
            expected += (
                end - stretch.at
                if stretch.hours is ALWAYS
                else wall.elapsed(stretch.hours.calendar, stretch.at, end)
            )
    assert clock.consumed(found, until) == expected


@settings(max_examples=120, deadline=None)
@given(stories(), st.integers(1, 3000))
def test_a_level_is_reached_when_so_much_is_consumed(story, minutes):
    found, _ = story
    level = minutes * MINUTE
    at = clock.reaches(found, level)
    if at is None:
        assert found[-1].state != "running"
        assert clock.consumed(found, found[-1].at) < level
    else:
        assert clock.consumed(found, at) == level
        assert clock.consumed(found, at - timedelta.resolution) < level
