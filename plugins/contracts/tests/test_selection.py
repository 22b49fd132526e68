"""CON-08: which contract work falls under; CON-09: quantities that count themselves."""

from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from psa_contracts.counting import counted
from psa_contracts.periods import Period
from psa_contracts.selection import Candidate, Place, chosen

HOME, PARENT, OTHER = UUID(int=1), UUID(int=2), UUID(int=3)
SITE, ASSET, TYPE = UUID(int=11), UUID(int=12), UUID(int=13)
DAY = date(2026, 6, 15)


def contract(number, company=HOME, **more):
    values = {"starts_on": date(2026, 1, 1), "ends_on": date(2026, 12, 31)} | more
    return Candidate(id=UUID(int=100 + number), number=number, company_id=company, **values)


ALL = [
    contract(1),
    contract(2, asset_ids=frozenset({ASSET})),
    contract(3, site_id=SITE),
    contract(4, is_default=True),
    contract(5, PARENT, is_default=True, covers_children=True),
]
WHERE = {"company_id": HOME, "date": DAY, "ancestor_ids": [PARENT]}


def numbers(candidates, **place):
    found = chosen(candidates, Place(**WHERE | place))
    return found.number if found else None


def test_the_closest_contract_holds():
    """CON-08: ticket's, asset's, site's, default, parent's."""
    given_all = {"contract_id": UUID(int=101), "asset_id": ASSET, "site_id": SITE}
    assert numbers(ALL, **given_all) == 1
    assert numbers(ALL[1:], **given_all) == 2
    assert numbers(ALL[2:], **given_all) == 3
    assert numbers(ALL[3:], **given_all) == 4
    assert numbers(ALL[4:], **given_all) == 5
    assert numbers([], **given_all) is None


def test_a_contract_covers_the_work_of_its_days():
    """CON-08: active on the date of the work, not of today."""
    assert numbers([contract(1, is_default=True, ends_on=DAY)]) == 1
    assert numbers([contract(1, is_default=True, ends_on=DAY - timedelta(days=1))]) is None
    assert numbers([contract(1, is_default=True, starts_on=DAY + timedelta(days=1))]) is None
    assert numbers([contract(1, is_default=True, ends_on=None)]) == 1


def test_excluded_work_falls_through():
    """CON-08"""
    picky = contract(1, is_default=True, excluded_work_types=frozenset({TYPE}))
    assert numbers([picky, ALL[4]], work_type_id=TYPE) == 5
    assert numbers([picky, ALL[4]]) == 1


def test_parents_cover_children_only_where_they_say_so():
    """CON-08"""
    assert numbers([contract(5, PARENT, is_default=True)]) is None
    assert numbers([contract(6, OTHER, is_default=True, covers_children=True)]) is None
    assert numbers([contract(5, PARENT, is_default=True, covers_children=True)], ancestor_ids=[]) is None


def test_the_latest_of_several_holds():
    assert (
        numbers([contract(1, is_default=True), contract(2, is_default=True, starts_on=date(2026, 6, 1))]) == 2
    )


JUNE = Period(date(2026, 6, 1), date(2026, 6, 30))


def test_counts_at_the_end_at_the_peak_and_on_average():
    """CON-09"""
    days = {date(2026, 5, 20): 10, date(2026, 6, 11): 16, date(2026, 6, 21): 13}
    assert [counted(days, JUNE, rule) for rule in ("at_end", "peak", "average")] == [13, 16, 13]
    assert counted({date(2026, 7, 1): 3}, JUNE, "peak") is None


@given(st.dictionaries(st.dates(date(2026, 5, 1), date(2026, 7, 31)), st.integers(0, 99), min_size=1))
def test_averages_lie_between_the_least_and_the_most(days):
    """CON-09"""
    average, peak, end = (counted(days, JUNE, rule) for rule in ("average", "peak", "at_end"))
    if average is None:
        return
    assert Decimal(0) <= average <= peak
    assert end <= peak
