"""CON-02 to CON-07, CON-21: what is owed for a period, in exact decimals."""

from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from psa_contracts.charging import Revision, in_force, is_due, owed, prorated, still_due
from psa_contracts.periods import Period, period_at

JUNE = Period(date(2026, 6, 1), date(2026, 6, 30))
MARCH = Period(date(2026, 3, 1), date(2026, 3, 31))


def at(day, quantity, price):
    return Revision(
        effective_on=date.fromisoformat(day), quantity=Decimal(quantity), unit_price=Decimal(price)
    )


def due(period, covered, revisions, charged="0", currency="USD", **more):
    return str(still_due(owed(period, covered, revisions, **more), Decimal(charged), currency))


def test_the_first_days_of_service_are_counted():
    """CON-02: $100 from 16 June are 15/30."""
    assert due(JUNE, JUNE.within(date(2026, 6, 16), None), [at("2026-06-16", 1, 100)]) == "50.00"


def test_a_line_is_prorated_once_from_the_unrounded_price():
    """CON-03: 3 x $10 for 10/30."""
    assert due(JUNE, JUNE.within(date(2026, 6, 21), None), [at("2026-06-21", 3, 10)]) == "10.00"


def test_more_seats_cost_their_days():
    """CON-04: +2 at 12.50 from 16 March are 12.90 on the next invoice, then 12 seats."""
    seats = [at("2026-01-01", 10, "12.50"), at("2026-03-16", 12, "12.50")]
    assert due(MARCH, MARCH, seats, charged="125.00") == "12.90"
    april = period_at(date(2026, 1, 1), "monthly", date(2026, 4, 1))
    assert due(april, april, seats) == "150.00"


def test_fewer_seats_follow_the_items_rule():
    """CON-04: credit, from the next period, not in the term."""
    seats = [at("2026-01-01", 10, 10), at("2026-06-16", 8, 10)]
    july = period_at(date(2026, 1, 1), "monthly", date(2026, 7, 1))
    assert due(JUNE, JUNE, seats, charged="100.00") == "-10.00"
    assert due(JUNE, JUNE, seats, charged="100.00", decrease="next_period") == "0.00"
    assert due(july, july, seats, decrease="next_period") == "80.00"
    start = date(2026, 1, 1)
    assert due(july, july, seats, decrease="none", term_start=start) == "100.00"
    assert due(july, july, seats, decrease="none", term_start=date(2026, 7, 1)) == "80.00"


def test_the_days_after_the_last_are_credited():
    """CON-05: 300 a month in advance, last day 20 June: 10/30 back."""
    covered = JUNE.within(date(2026, 1, 1), date(2026, 6, 20))
    assert due(JUNE, covered, [at("2026-01-01", 1, 300)], charged="300.00") == "-100.00"


def test_may_costs_in_july_what_it_cost_in_may():
    """CON-07"""
    may = period_at(date(2026, 1, 1), "monthly", date(2026, 5, 1))
    before = [at("2026-01-01", 10, 20)]
    assert due(may, may, [*before, at("2026-06-01", 50, 90)]) == due(may, may, before) == "200.00"


def test_a_first_partial_period_is_prorated_or_full():
    """CON-21"""
    covered, price = JUNE.within(date(2026, 6, 16), None), [at("2026-06-16", 2, 50)]
    assert due(JUNE, covered, price) == "50.00"
    assert due(JUNE, covered, price, whole=True) == "100.00"


def test_advance_is_due_at_the_beginning_and_arrears_at_the_end():
    """CON-21"""
    assert is_due(JUNE, "advance", date(2026, 6, 1))
    assert not is_due(JUNE, "advance", date(2026, 5, 31))
    assert is_due(JUNE, "arrears", date(2026, 6, 30))
    assert not is_due(JUNE, "arrears", date(2026, 6, 29))


def test_currencies_have_their_own_places():
    """X-01"""
    assert (
        due(JUNE, JUNE.within(date(2026, 6, 16), None), [at("2026-06-16", 1, 333)], currency="JPY") == "167"
    )
    assert (
        due(JUNE, JUNE.within(date(2026, 6, 21), None), [at("2026-06-21", 1, 1)], currency="KWD") == "0.333"
    )


def test_of_two_revisions_of_one_day_the_later_made_holds():
    found = in_force([at("2026-01-01", 1, 1), at("2026-01-01", 2, 1)], date(2026, 1, 1))
    assert found is not None
    assert found.quantity == 2


prices = st.decimals(0, 10_000, places=2)
quantities = st.integers(0, 500).map(Decimal)
june_days = st.integers(1, 30).map(lambda day: date(2026, 6, day))


@given(st.lists(st.tuples(june_days, quantities, prices), min_size=1, max_size=6), june_days)
def test_parts_of_a_period_add_up_to_the_whole(rows, cut):
    """Proration conserves: what is owed up to a day and from the next one on is what is owed for all."""
    revisions = [Revision(effective_on=day, quantity=q, unit_price=p) for day, q, p in rows]
    whole = owed(JUNE, JUNE, revisions) * 30
    first = owed(JUNE, JUNE.within(JUNE.start, cut), revisions) * 30
    rest = JUNE.within(cut, None)
    later = (
        owed(JUNE, rest.within(date(2026, 6, cut.day + 1), None) if cut.day < 30 else None, revisions) * 30
    )
    assert abs(whole - first - later) < Decimal("1e-15")


@given(quantities, prices, st.integers(1, 31))
def test_charge_and_correction_come_to_what_is_owed(quantity, price, last):
    """What was charged in advance and what is corrected at the end cancel to the cent (X-02)."""
    revisions = [Revision(effective_on=date(2026, 3, 1), quantity=quantity, unit_price=price)]
    charged = still_due(owed(MARCH, MARCH, revisions), Decimal(0), "USD")
    exact = owed(MARCH, MARCH.within(MARCH.start, date(2026, 3, last)), revisions)
    correction = still_due(exact, charged, "USD")
    assert charged + correction == still_due(exact, Decimal(0), "USD")
    assert still_due(exact, charged + correction, "USD") == 0


@given(st.lists(st.tuples(june_days, quantities, prices), min_size=1, max_size=6))
def test_ignored_decreases_never_lower_the_price(rows):
    revisions = [Revision(effective_on=day, quantity=q, unit_price=p) for day, q, p in rows]
    credit, later = owed(JUNE, JUNE, revisions), owed(JUNE, JUNE, revisions, decrease="next_period")
    assert later >= credit - Decimal("1e-15")


def test_shares_are_exact():
    assert prorated(Decimal(300), 10, 30) == 100
