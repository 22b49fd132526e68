"""The pure parts, against slow and obvious references: conditions, recurrence, whose turn it is, business hours."""

import datetime
from datetime import UTC, timedelta
from itertools import islice
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from psa_automation import business_hours, recurrence
from psa_automation.choosing import Candidate, Habits, is_there, least_loaded, next_in_turn
from psa_automation.conditions import AllOf, AnyOf, Moment, Not, matches, read
from psa_automation.operators import OPERATORS, Edge, holds, operand, wants

NOW = datetime.datetime(2026, 3, 2, 12, tzinfo=UTC)


def local(*parts: int) -> datetime.datetime:
    """A time of a clock on the wall."""
    return datetime.datetime(*parts)  # noqa: DTZ001 - of any zone


KINDS = {"title": "text", "count": "number", "open": "boolean", "tags": "tags", "at": "instant"}
LEAVES = st.one_of(
    st.builds(
        lambda op, v: {"field": "title", "operator": op, "value": v},
        st.sampled_from(["is", "is_not", "contains"]),
        st.sampled_from(["a", "B", "ab"]),
    ),
    st.builds(
        lambda op, v: {"field": "count", "operator": op, "value": v},
        st.sampled_from(["is", "less", "at_least"]),
        st.integers(-2, 2),
    ),
    st.builds(lambda v: {"field": "open", "operator": "is", "value": v}, st.booleans()),
    st.builds(
        lambda op, v: {"field": "tags", "operator": op, "value": v},
        st.sampled_from(["has", "has_not"]),
        st.sampled_from(["x", "Y"]),
    ),
    st.builds(
        lambda op, v: {"field": "at", "operator": op, "value": v},
        st.sampled_from(["within_last", "older_than", "within_next"]),
        st.integers(1, 200),
    ),
    st.builds(lambda f: {"field": f, "operator": "changed"}, st.sampled_from(sorted(KINDS))),
)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(lambda parts: {"all": parts}, st.lists(inner, max_size=3)),
        st.builds(lambda parts: {"any": parts}, st.lists(inner, max_size=3)),
        st.builds(lambda part: {"not": part}, inner),
    ),
    max_leaves=8,
).filter(lambda tree: _depth(tree) <= 8)
VALUES = st.fixed_dictionaries(
    {
        "title": st.none() | st.sampled_from(["", "A", "b", "AB", "cab"]),
        "count": st.none() | st.integers(-2, 2),
        "open": st.none() | st.booleans(),
        "tags": st.lists(st.sampled_from(["x", "y", "Z"]), max_size=2),
        "at": st.none() | st.integers(-300, 300).map(lambda m: (NOW + timedelta(minutes=m)).isoformat()),
    }
)


def _depth(tree):
    inner = tree.get("all") or tree.get("any") or ([tree["not"]] if "not" in tree else [])
    return 1 + max(map(_depth, inner), default=0)


def slowly(tree, values, changed):
    """Return what a condition's document means, read as a sentence."""
    if "all" in tree:
        return False not in [slowly(part, values, changed) for part in tree["all"]]
    if "any" in tree:
        return True in [slowly(part, values, changed) for part in tree["any"]]
    if "not" in tree:
        return not slowly(tree["not"], values, changed)
    held, wanted, operator = values[tree["field"]], tree.get("value"), tree["operator"]
    if operator == "changed":
        return tree["field"] in changed
    if held is None or held in ("", []):
        return operator in ("is_not", "has_not")
    if tree["field"] == "title":
        held, wanted = held.lower(), wanted.lower()
        return {"is": held == wanted, "is_not": held != wanted, "contains": held.find(wanted) >= 0}[operator]
    if tree["field"] == "tags":
        among = wanted.lower() in [tag.lower() for tag in held]
        return among if operator == "has" else not among
    if tree["field"] == "at":
        minutes = (datetime.datetime.fromisoformat(held) - NOW) / timedelta(minutes=1)
        return {
            "within_last": -wanted <= minutes <= 0,
            "older_than": minutes < -wanted,
            "within_next": 0 <= minutes <= wanted,
        }[operator]
    return {"is": held == wanted, "less": held < (wanted or 0), "at_least": held >= (wanted or 0)}[operator]


@given(TREES, VALUES, st.sets(st.sampled_from(sorted(KINDS))))
def test_conditions_mean_what_they_say(tree, values, changed):
    reading = read(tree, KINDS)
    assert reading.faults == []
    moment = Moment(values=values, now=NOW, changes={name: Edge(1, 2) for name in changed})
    assert matches(reading.condition, moment) == slowly(tree, values, changed)


@given(TREES, TREES, VALUES)
def test_not_all_is_any_not(one, other, values):
    a, b = read(one, KINDS).condition, read(other, KINDS).condition
    moment = Moment(values=values, now=NOW)
    assert matches(Not(AllOf((a, b))), moment) == matches(AnyOf((Not(a), Not(b))), moment)


@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["all", "any", "not", "field", "operator", "value", "x"]), inner, max_size=3
            )
        ),
        max_leaves=12,
    )
)
def test_whatever_is_sent_as_a_condition_is_read_or_told_to_be_wrong(document):
    reading = read(document, KINDS)
    if not reading.faults:
        assert matches(reading.condition, Moment(values={}, now=NOW)) in {True, False}


def test_every_operator_of_every_kind_is_known_what_stands_beside_it():
    samples = {
        "text": "a",
        "choice": "a",
        "reference": str(UUID(int=1)),
        "number": 1,
        "boolean": True,
        "instant": "2026-01-01T00:00:00Z",
        "date": "2026-01-01",
        "tags": "a",
    }
    for kind, operators in OPERATORS.items():
        for operator in operators:
            beside = {
                "one": samples[kind],
                "many": [samples[kind]],
                "minutes": 5,
                "pattern": "a+",
                "nothing": None,
            }
            held = operand(kind, operator, beside[wants(kind, operator)])
            present = ["a"] if kind == "tags" else samples[kind]
            for raw in (None, present):
                assert holds(kind, operator, held, raw, NOW) in {True, False}


def test_a_regular_expression_without_end_is_given_up():
    wanted = operand("text", "matches", "(a|aa)+$")
    with pytest.raises(TimeoutError):
        holds("text", "matches", wanted, "a" * 60 + "b", NOW)


def test_recurrence_keeps_local_time_where_clocks_change():
    """CAL-01, TIC-61: weekly Mon 09:00 in New York is 14:00Z, then 13:00Z."""
    found = recurrence.occurrences(
        "FREQ=WEEKLY;BYDAY=MO",
        local(2026, 3, 2, 9),
        ZoneInfo("America/New_York"),
        datetime.datetime(2026, 3, 1, tzinfo=UTC),
    )
    assert [moment.isoformat() for moment in islice(found, 2)] == [
        "2026-03-02T14:00:00+00:00",
        "2026-03-09T13:00:00+00:00",
    ]


def test_a_day_that_a_month_lacks_is_skipped():
    """TIC-61: the 31st has no occurrence in February (RFC 5545 3.3.10)."""
    found = recurrence.occurrences(
        "FREQ=MONTHLY;BYMONTHDAY=31",
        local(2026, 1, 31, 8),
        ZoneInfo("UTC"),
        datetime.datetime(2026, 1, 1, tzinfo=UTC),
    )
    assert [moment.month for moment in islice(found, 4)] == [1, 3, 5, 7]


@given(
    st.sampled_from(["DAILY", "WEEKLY"]),
    st.integers(1, 4),
    st.integers(0, 23),
    st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"]),
    st.integers(0, 400),
)
def test_occurrences_are_the_days_that_a_calendar_shows(frequency, interval, hour, name, after_days):
    """Against counting days one by one."""
    zone, start = ZoneInfo(name), local(2026, 1, 5, hour, 30)
    after = datetime.datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=after_days)
    found = list(
        islice(recurrence.occurrences(f"FREQ={frequency};INTERVAL={interval}", start, zone, after), 5)
    )
    step = interval * (7 if frequency == "WEEKLY" else 1)
    days = (start + timedelta(days=n) for n in range(600) if n % step == 0)
    instants = (day.replace(tzinfo=zone).astimezone(UTC) for day in days)
    assert found == list(islice((instant for instant in instants if instant > after), 5))


@pytest.mark.parametrize(
    "rule",
    [
        "",
        "FREQ=HOURLY",
        "FREQ=DAILY;BYHOUR=1",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;BYDAY=XX",
        "FREQ=DAILY\nFREQ=WEEKLY",
    ],
)
def test_what_is_no_recurrence_is_told(rule):
    with pytest.raises(ValueError):
        recurrence.check(rule)


def person(n, **more):
    return Candidate(id=UUID(int=n), **more)


def test_least_loaded_takes_who_has_least_and_waited_longest():
    """TIC-50: A=4, B=2, C=2 gives B; ties by the last assignment, then by id."""
    a, b, c = person(1, open=4), person(2, open=2), person(3, open=2)
    assert least_loaded([a, b, c]) == b
    recent = person(2, open=2, last_at=NOW)
    assert least_loaded([a, recent, c]) == c
    assert least_loaded([person(1, open=0, most_open=0)]) is None


@given(st.lists(st.booleans(), min_size=1, max_size=30))
def test_turns_are_fair_among_those_who_are_there(presence):
    """TIC-50: with B away, A and C alternate; whoever is always there gets as much as the other, give or take one."""
    places, counts = {1: 0, 2: 0, 3: 0}, {1: 0, 2: 0, 3: 0}
    for turn, b_is_there in enumerate(presence, 1):
        order = [person(n, place=places[n]) for n in places]
        chosen = next_in_turn(order, [one for one in order if one.id.int != 2 or b_is_there])
        places[chosen.id.int], counts[chosen.id.int] = turn, counts[chosen.id.int] + 1
    assert abs(counts[1] - counts[3]) <= 1
    assert counts[2] <= counts[1] + 1


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 20_000), st.integers(1, 3000), st.sampled_from([(9, 17), (22, 6)]))
def test_business_time_is_what_counting_minutes_gives(offset, minutes, span):
    hours = business_hours.Hours(
        datetime.time(span[0]), datetime.time(span[1]), frozenset(range(5)), ZoneInfo("Europe/Berlin")
    )
    start = datetime.datetime(2026, 3, 20, tzinfo=UTC) + timedelta(minutes=offset)
    moment, left = start, minutes
    while left:
        left -= business_hours.is_open(hours, moment)
        moment += timedelta(minutes=1)
    assert business_hours.after(hours, start, minutes) == moment


def test_absences_and_hours_keep_work_away():
    """TIC-50"""
    office = business_hours.Hours(datetime.time(9), datetime.time(17), frozenset(range(5)), UTC)
    away = Habits(away_from=NOW.date(), away_until=NOW.date())
    night = Habits(works_from=datetime.time(22), works_until=datetime.time(6))
    assert not is_there(away, office, UTC, NOW, respect_hours=False)
    assert is_there(Habits(), office, UTC, NOW, respect_hours=True)
    assert not is_there(night, office, UTC, NOW, respect_hours=True)
    assert is_there(night, office, UTC, NOW + timedelta(hours=11), respect_hours=True)
