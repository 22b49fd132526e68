"""CON-10 to CON-14, CON-18, TIME-35: prepaid hours as a pure function of grants and work."""

from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from psa_contracts.hours import Grant, Stretch, Work, allocate, coverable, weighted

TODAY = date(2026, 12, 31)


def work(number, day, minutes, *, locked=False, work_type=None, hour=9, **more):
    day = date.fromisoformat(day)
    stretches = more.get("stretches") or [Stretch(minutes)]
    return Work(
        id=UUID(int=number),
        date=day,
        started_at=datetime(day.year, day.month, day.day, hour, tzinfo=UTC),
        stretches=stretches,
        locked=locked,
        work_type=work_type,
    )


def block(key, minutes, expires=None, *, bought="2026-01-01", **more):
    return Grant(
        key=key,
        kind=more.pop("kind", "purchase"),
        minutes=minutes,
        valid_from=date.fromisoformat(bought),
        expires_on=date.fromisoformat(expires) if expires else None,
        granted_on=date.fromisoformat(bought),
        **more,
    )


BLOCKS = [block("B1", 120, "2026-09-30"), block("B2", 600, "2026-07-31"), block("B3", 600)]


def burned(found, number):
    return {key: minutes for (key, source), minutes in found.burns.items() if source == UUID(int=number)}


def test_what_expires_first_burns_first():
    """CON-11: 650 minutes on 15 July take B2 whole and 50 of B1; 150 on 1 August take B1 and 30 of B3."""
    assert burned(allocate(BLOCKS, [work(1, "2026-07-15", 650)], TODAY), 1) == {"B2": 600, "B1": 50}
    assert burned(allocate(BLOCKS, [work(1, "2026-08-01", 150)], TODAY), 1) == {"B1": 120, "B3": 30}


def month(number, minutes, *, cap=300):
    start, end = f"2026-{number:02}-01", f"2026-{number:02}-{(0, 31, 28, 31)[number]}"
    made = [block(f"base{number}", minutes, end, bought=start, kind="period")]
    if number > 1:
        follows = f"base{number - 1}"
        made.append(block(f"roll{number}", 0, end, bought=start, kind="rollover", follows=follows, cap=cap))
    return made


def test_unused_hours_roll_once_and_burn_first():
    """CON-10: included 10, cap 5: 3 roll to February; 3 of them and 1 burn; 5 roll to March: 15."""
    grants = [*month(1, 600), *month(2, 600), *month(3, 600)]
    done = [work(1, "2026-01-10", 420), work(2, "2026-02-10", 240)]
    found = allocate(grants, done, date(2026, 3, 1))
    assert found.granted["roll2"] == 180
    assert burned(found, 2) == {"roll2": 180, "base2": 60}
    assert found.granted["roll3"] == 300
    assert sum(found.left(key) for key in ("base3", "roll3")) == 900
    assert found == allocate(grants, done, date(2026, 3, 1))
    assert found.expired == {"base2": 240}
    assert found.rolled == {"base1": 180, "base2": 300}


def test_late_work_in_a_closed_period_rolls_less():
    """CON-10 with CON-14: the roll is no event but a consequence."""
    grants = [*month(1, 600), *month(2, 600)]
    early = [work(1, "2026-01-10", 420)]
    assert allocate(grants, early, date(2026, 2, 3)).granted["roll2"] == 180
    late = [*early, work(2, "2026-01-30", 120)]
    assert allocate(grants, late, date(2026, 2, 3)).granted["roll2"] == 60


def test_included_hours_cover_and_the_rest_is_overage():
    """CON-12: 10 h included, 8 h and 3 h of work: 1 h over."""
    found = allocate([block("base", 600)], [work(1, "2026-06-01", 480), work(2, "2026-06-02", 180)], TODAY)
    assert found.covered == {UUID(int=1): 480, UUID(int=2): 120}


def test_after_hours_burn_more():
    """CON-13: 30 + 90 x 1.5 = 165."""
    stretches = [Stretch(30), Stretch(90, Decimal("1.5"))]
    assert weighted(stretches, 120) == 165
    assert weighted(stretches, 120, by_weight=False) == 120
    assert coverable(stretches, 100) == (76, 99)
    found = allocate([block("base", 200)], [work(1, "2026-06-01", 0, stretches=stretches)], TODAY)
    assert found.left("base") == 35


def test_back_dated_work_moves_what_is_not_invoiced():
    """CON-14: by work date; the invoiced stays where it is."""
    first, later = work(1, "2026-06-05", 60), work(2, "2026-06-09", 60)
    grants = [block("base", 60)]
    assert allocate(grants, [later], TODAY).covered[later.id] == 60
    both = allocate(grants, [later, first], TODAY)
    assert (both.covered[first.id], both.covered[later.id]) == (60, 0)
    invoiced = work(2, "2026-06-09", 60, locked=True)
    kept = allocate(grants, [invoiced, first], TODAY, held={("base", invoiced.id): 60})
    assert (kept.covered[first.id], kept.covered[later.id]) == (0, 60)


def test_a_grant_for_one_type_of_work_covers_no_other():
    grants = [block("base", 60, work_type=UUID(int=9))]
    assert allocate(grants, [work(1, "2026-06-05", 30)], TODAY).covered[UUID(int=1)] == 0
    assert (
        allocate(grants, [work(1, "2026-06-05", 30, work_type=UUID(int=9))], TODAY).covered[UUID(int=1)] == 30
    )


def test_unused_hours_expire_after_their_last_day_and_stay_visible():
    """CON-18: through the end of the day; 3.5 h unused."""
    grants, done = [block("B", 600, "2026-06-30")], [work(1, "2026-06-30", 390)]
    assert allocate(grants, done, date(2026, 6, 30)).expired == {}
    assert allocate(grants, done, date(2026, 7, 1)).expired == {"B": 210}


moments = st.dates(date(2026, 1, 1), date(2026, 3, 31))
weights = st.sampled_from([Decimal(1), Decimal("1.25"), Decimal("1.5"), Decimal(2)])
some_work = st.lists(
    st.builds(
        lambda day, hour, parts: (day, hour, [Stretch(*part) for part in parts]),
        moments,
        st.integers(0, 23),
        st.lists(st.tuples(st.integers(1, 300), weights), min_size=1, max_size=3),
    ),
    max_size=12,
).map(
    lambda rows: [
        work(n, str(day), 0, hour=hour, stretches=parts) for n, (day, hour, parts) in enumerate(rows)
    ]
)
some_grants = st.lists(st.tuples(st.integers(0, 900), st.none() | moments, moments), max_size=5).map(
    lambda rows: (
        [*month(1, 300), *month(2, 300), *month(3, 300)]
        + [
            block(f"B{n}", minutes, str(max(day, bought)) if day else None, bought=str(bought))
            for n, (minutes, day, bought) in enumerate(rows)
        ]
    )
)


@given(some_grants, some_work, st.randoms())
def test_the_order_of_arrival_changes_nothing_and_nothing_is_overdrawn(grants, done, dice):
    """CON-11, CON-14: balance is the sum, never negative; the same whatever came first."""
    found = allocate(grants, done, TODAY)
    shuffled = list(done)
    dice.shuffle(shuffled)
    assert allocate(list(reversed(grants)), shuffled, TODAY) == found
    for grant in grants:
        assert found.left(grant.key) >= 0
    for one in done:
        total = sum(burned(found, one.id.int).values())
        assert total == weighted(one.stretches, found.covered[one.id])
        assert coverable(one.stretches, total)[0] == found.covered[one.id]
        for key in burned(found, one.id.int):
            assert next(grant for grant in grants if grant.key == key).takes(one)


@given(some_grants, some_work)
def test_taking_work_back_gives_its_minutes_back(grants, done):
    """TIME-35: without the last work all is as before it came."""
    if not done:
        return
    last = max(done, key=lambda one: (one.date, one.started_at, one.id))
    rest = [one for one in done if one is not last]
    with_it, without = allocate(grants, done, TODAY), allocate(grants, rest, TODAY)
    for key in without.granted:
        if not key.startswith("roll"):
            gone = with_it.burns.get((key, last.id), 0)
            assert {k: m for k, m in with_it.burns.items() if k[1] != last.id and k[0] == key} == {
                k: m for k, m in without.burns.items() if k[0] == key
            }
            assert gone >= 0


@given(some_grants, some_work)
def test_locking_what_was_allocated_changes_nothing(grants, done):
    """CON-14: an invoice fixes what is there."""
    found = allocate(grants, done, TODAY)
    locked = [Work(**{f: getattr(one, f) for f in one.__struct_fields__} | {"locked": True}) for one in done]
    again = allocate(grants, locked, TODAY, held=found.burns)
    assert again.burns == found.burns
    assert again.covered == found.covered
