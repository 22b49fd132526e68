"""The worked numbers of invoices' arithmetic, by their ids, and what holds for all numbers."""

import ast
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import psa_billing
from psa_billing.engine.aging import aged, bucket_of
from psa_billing.engine.applying import OpenInvoice, oldest_first
from psa_billing.engine.credit import Remainder, credit_of
from psa_billing.engine.due import due_date
from psa_billing.engine.fees import fees_due, late_fee
from psa_billing.engine.money import rounded, split, total
from psa_billing.engine.numbering import fault_of, written
from psa_billing.engine.recognition import by_progress, ended_early, over_period
from psa_billing.engine.tax import Rate, tax_in, tax_on
from psa_billing.engine.totals import LineInput, Terms, totals
from psa_sdk.tables import new_id

D = Decimal
CURRENCIES = st.sampled_from(["USD", "EUR", "JPY", "KWD"])
AMOUNTS = st.decimals(min_value=-100_000, max_value=100_000, places=4)
PERCENTS = st.decimals(min_value=0, max_value=30, places=3)
RATES = st.builds(
    Rate, name=st.sampled_from("ABC"), percent=PERCENTS, compound=st.booleans(), jurisdiction=st.just("")
)


def rate(percent: str, name: str = "Tax", **more) -> Rate:
    return Rate(name=name, percent=D(percent), **more)


def invoice(*lines: tuple, currency: str = "USD", **terms):
    """Compute lines given as (quantity, price, percent)."""
    inputs = [
        LineInput(quantity=D(quantity), unit_price=D(price), rates=(rate(percent),) if percent else ())
        for quantity, price, percent in lines
    ]
    return totals(inputs, Terms(currency=currency, **terms))


def test_bill_10_tax_is_rounded_once_and_shared_out():
    """BILL-10: 3 x 0.99 at 5.5 % are 0.16 = 0.06 + 0.05 + 0.05; line by line they are 0.15."""
    found = invoice(*[("1", "0.99", "5.5")] * 3)
    assert [str(line.tax) for line in found.lines] == ["0.06", "0.05", "0.05"]
    assert str(found.tax) == "0.16"
    assert str(invoice(*[("1", "0.99", "5.5")] * 3, tax_rounding="per_line").tax) == "0.15"


def test_bill_11_halves_go_up():
    """BILL-11: 8,180 x 9.975 % = 815.955 -> 815.96."""
    assert str(invoice(("1", "8180", "9.975")).tax) == "815.96"


def test_bill_12_a_lines_discount_comes_before_its_rounding():
    """BILL-12: 16 x 348.35 - 4 % -> 5,350.66, tax 1,177.15, total 6,527.81."""
    line = LineInput(quantity=D(16), unit_price=D("348.35"), discount_percent=D(4), rates=(rate("22"),))
    found = totals([line], Terms(currency="EUR"))
    assert (str(found.subtotal), str(found.tax), str(found.total)) == ("5350.66", "1177.15", "6527.81")


def test_bill_13_not_every_fraction_rounds_up():
    """BILL-13: 15.00 x 4.4 % = 0.66."""
    assert str(invoice(("1", "15.00", "4.4")).tax) == "0.66"


@pytest.mark.parametrize(("compound", "second"), [(False, "9.98"), (True, "10.47")])
def test_bill_14_two_taxes(compound, second):
    """BILL-14: 5.00 + 9.98; a compound second one on 105 is 10.47."""
    both = (rate("5", "First"), rate("9.975", "Second", compound=compound))
    found = tax_on([(D(100), both)], "CAD")
    assert [str(group.amount) for group in found.groups] == ["5.00", second]


def test_bill_15_prices_with_tax():
    """BILL-15: 10.00 at 19 % holds 1.60; 119.00 is 100.00 + 19.00."""
    for price, net, tax in (("10.00", "8.40", "1.60"), ("119.00", "100.00", "19.00")):
        found = invoice(("1", price, "19"), currency="EUR", prices_include_tax=True)
        assert (str(found.subtotal), str(found.tax), str(found.total)) == (net, tax, price)


def test_bill_16_the_discount_comes_before_tax():
    """BILL-16: 100 (10 %) and 50 (0 %), 15 off: 10/5, tax 9.00, total 144.00; or tax on the full amounts."""
    lines = ("1", "100", "10"), ("1", "50", "")
    found = invoice(*lines, discount_fixed=D(15))
    assert [str(line.discount) for line in found.lines] == ["10.00", "5.00"]
    assert (str(found.tax), str(found.total)) == ("9.00", "144.00")
    full = invoice(*lines, discount_fixed=D(15), discount_reduces_tax=False)
    assert (str(full.tax), str(full.total)) == ("10.00", "145.00")


def test_bill_17_crediting_the_rest_reaches_the_tax_that_was_due():
    """BILL-17: 40 of 100 at 10 % are 44.00; three thirds give back exactly the tax."""
    line = Remainder(net=D("100.00"), taxes={"Tax": D("10.00")})
    assert str(credit_of(line, D("40.00"), "USD").amount) == "44.00"
    small = Remainder(net=D("0.99"), taxes={"Tax": D("0.05")})
    credited, taxes = D(0), D(0)
    for _ in range(3):
        part = credit_of(
            Remainder(net=small.net, taxes=small.taxes, credited_net=credited, credited_taxes={"Tax": taxes}),
            D("0.33"),
            "USD",
        )
        credited, taxes = credited + part.net, taxes + part.taxes["Tax"]
    assert (str(credited), str(taxes)) == ("0.99", "0.05")
    with pytest.raises(ValueError, match="more is credited"):
        credit_of(line, D("100.01"), "USD")


def test_bill_18_a_credit_cancels_its_invoice():
    """BILL-18, X-02: rounding is symmetric: 2.345 and -2.345."""
    assert (str(rounded(D("2.345"), "USD")), str(rounded(D("-2.345"), "USD"))) == ("2.35", "-2.35")


def test_bill_19_yen_have_no_decimals():
    """BILL-19: 333 x 10 % -> 33."""
    found = invoice(("1", "333", "10"), currency="JPY")
    assert (str(found.subtotal), str(found.tax), str(found.total)) == ("333", "33", "366")


def test_x_03_splits_add_up():
    """X-03: 100.00 and 10,000 over 3."""
    assert [str(part) for part in split(D("100.00"), [D(1)] * 3, "USD")] == ["33.34", "33.33", "33.33"]
    assert [str(part) for part in split(D(10_000), [D(1)] * 3, "USD")] == ["3333.34", "3333.33", "3333.33"]


def test_bill_2a_terms():
    """BILL-2A, CON-15: net 30 from 2026-01-31 is 2026-03-02; month's end and a day of next month."""
    start = date(2026, 1, 31)
    assert due_date(start, "net_30") == date(2026, 3, 2)
    assert due_date(start, "eom_10") == date(2026, 2, 10)
    assert due_date(date(2026, 12, 5), "day_15") == date(2027, 1, 15)
    assert due_date(start, "day_31") == date(2026, 2, 28)
    with pytest.raises(ValueError, match="no terms"):
        due_date(start, "whenever")


def test_bill_30_the_oldest_due_comes_first():
    """BILL-30: 150 over 100 and 80 leaves 30 open; 200 leaves 20 unapplied."""
    first = OpenInvoice(id=new_id(), due=date(2026, 5, 1), balance=D(100))
    second = OpenInvoice(id=new_id(), due=date(2026, 6, 1), balance=D(80))
    assert oldest_first(D(150), [second, first]) == [(first.id, D(100)), (second.id, D(50))]
    assert total(part for _, part in oldest_first(D(200), [second, first])) == 180


def test_bill_40_and_41_aging():
    """BILL-40, BILL-41: buckets by due date on 2026-06-30, sums, unapplied credit as a negative column."""
    due = {
        "2026-06-30": 100,
        "2026-06-29": 200,
        "2026-05-31": 300,
        "2026-05-30": 400,
        "2026-04-30": 500,
        "2026-04-01": 600,
        "2026-03-31": 700,
        "2026-07-15": 50,
    }
    found = aged([(date.fromisoformat(day), D(n)) for day, n in due.items()], D(120), date(2026, 6, 30))
    buckets = (found.current, found.days_1_30, found.days_31_60, found.days_61_90, found.days_over_90)
    assert buckets == (150, 500, 400, 1100, 700)
    assert (found.outstanding, found.unapplied, found.balance) == (2850, -120, 2730)


def test_bill_42_late_fees_are_simple():
    """BILL-42: 1.5 % of 1,000 -> 15.00 once in thirty days."""
    assert str(late_fee(D(1000), D("1.5"), "USD")) == "15.00"
    assert [fees_due(date(2026, 6, 1), date(2026, 6, 1) + timedelta(days=n)) for n in (0, 29, 30, 60)] == [
        0,
        0,
        1,
        2,
    ]


def test_bill_50_revenue_of_a_year_day_by_day():
    """BILL-50: January (17 days) 55.89, February 92.06, 1,200.00 in all; an early end takes the rest."""
    parts = over_period(D(1200), date(2026, 1, 15), date(2027, 1, 14), "USD")
    assert [str(amount) for _, amount in parts[:2]] == ["55.89", "92.06"]
    assert len(parts) == 13
    assert total(amount for _, amount in parts) == D("1200.00")
    ended = ended_early(parts, date(2026, 2, 10))
    assert ended == [(date(2026, 1, 31), D("55.89")), (date(2026, 2, 10), D("1144.11"))]


def test_bill_51_percent_complete():
    """BILL-51: total x percent, less what was recognised; less progress is a reversal."""
    assert by_progress(D(10_000), D(25), D(0), "USD") == 2500
    assert by_progress(D(10_000), D(20), D(2500), "USD") == -500


def test_bill_02_patterns():
    """BILL-02: INV-{YYYY}-{seq:04}."""
    assert written("INV-{YYYY}-{seq:04}", date(2026, 5, 1), 7) == "INV-2026-0007"
    assert written("{YY}{MM}/{seq}", date(2026, 5, 1), 12345) == "2605/12345"
    for pattern in ("INV-{YYYY}", "{seq}{seq}-{YYYY}", "{seq}-{YYYY}-{DD}", "{seq}"):
        assert fault_of(pattern, resets_yearly=True)


@given(AMOUNTS, st.lists(AMOUNTS, min_size=1, max_size=20), CURRENCIES)
def test_parts_always_add_up(amount, weights, currency):
    amount = rounded(amount, currency)
    parts = split(amount, weights, currency)
    assert total(parts) == amount
    assert [rounded(part, currency) for part in parts] == parts
    assert split(-amount, weights, currency) == [-part for part in parts]


@given(
    st.lists(
        st.builds(
            LineInput,
            quantity=st.decimals(min_value=-50, max_value=500, places=2),
            unit_price=st.decimals(min_value=0, max_value=5000, places=4),
            discount_percent=st.decimals(min_value=0, max_value=100, places=2),
            rates=st.lists(RATES, max_size=3, unique_by=lambda one: one.name).map(tuple),
        ),
        min_size=1,
        max_size=12,
    ),
    CURRENCIES,
    st.sampled_from(["per_group", "per_line"]),
    st.booleans(),
    st.decimals(min_value=0, max_value=60, places=2),
    st.booleans(),
)
@settings(max_examples=150)
def test_invoices_always_add_up(lines, currency, mode, inclusive, percent, reduces):
    """BILL-21: lines, groups and totals agree, and a credit memo of all of it cancels it to 0.00."""
    terms = Terms(
        currency=currency,
        tax_rounding=mode,
        prices_include_tax=inclusive,
        discount_percent=percent,
        discount_reduces_tax=reduces,
    )
    found = totals(lines, terms)
    assert found.subtotal == total(line.total for line in found.lines)
    assert found.discount == total(line.discount for line in found.lines)
    assert (
        found.tax == total(line.tax for line in found.lines) == total(group.amount for group in found.groups)
    )
    assert found.total == found.subtotal - found.discount + found.tax
    if inclusive and reduces:
        whole = rounded(total(rounded(line.exact, currency) for line in lines), currency)
        assert found.total == whole - rounded(whole * percent / 100, currency)
    credited = [
        credit_of(
            Remainder(net=line.net, taxes={one.name: amount for one, amount in line.taxes.items()}),
            line.net,
            currency,
        )
        for line in found.lines
        if line.net
    ]
    forgiven = total(line.tax for line in found.lines if not line.net)
    assert found.total - total(one.amount for one in credited) - forgiven == 0


@given(
    st.lists(
        st.tuples(AMOUNTS, st.lists(RATES, max_size=3, unique_by=lambda one: one.name).map(tuple)), max_size=9
    ),
    CURRENCIES,
)
def test_taking_tax_out_loses_nothing(lines, currency):
    lines = [(rounded(amount, currency), rates) for amount, rates in lines]
    found = tax_in(lines, currency)
    for (amount, _), net, taxes in zip(lines, found.nets, found.taxes, strict=True):
        assert net + total(taxes.values()) == amount
    assert found.amount == total(total(taxes.values()) for taxes in found.taxes)


@given(
    st.decimals(min_value=1, max_value=10_000, places=2),
    st.lists(st.integers(min_value=0, max_value=100), min_size=1, max_size=8),
    st.decimals(min_value=0, max_value=30, places=2),
)
def test_credits_in_any_steps_give_back_what_was_due(net, steps, percent):
    """BILL-17: however a line is credited, the last step reaches its tax exactly."""
    tax = rounded(net * percent / 100, "USD")
    whole = split(net, [D(step) for step in steps], "USD")
    credited, given_back = D(0), D(0)
    for part in whole:
        line = Remainder(net=net, taxes={"T": tax}, credited_net=credited, credited_taxes={"T": given_back})
        found = credit_of(line, part, "USD")
        credited, given_back = credited + found.net, given_back + found.taxes["T"]
    assert (credited, given_back) == (net, tax)


@given(
    st.decimals(min_value=0, max_value=100_000, places=2),
    st.dates(min_value=date(2020, 1, 1), max_value=date(2030, 1, 1)),
    st.integers(min_value=0, max_value=1500),
)
def test_schedules_add_up(amount, first, days):
    last = first + timedelta(days=days)
    parts = over_period(amount, first, last, "USD")
    assert total(part for _, part in parts) == amount
    assert [day for day, _ in parts] == sorted({day for day, _ in parts})
    assert parts[-1][0] == last
    assert all(part >= 0 for _, part in parts)


@given(
    st.lists(
        st.tuples(st.integers(-200, 200), st.decimals(min_value=0, max_value=9999, places=2)), max_size=20
    ),
    st.decimals(min_value=0, max_value=9999, places=2),
)
def test_buckets_add_up_to_what_is_owed(invoices, credit):
    today = date(2026, 6, 30)
    found = aged([(today - timedelta(days=age), amount) for age, amount in invoices], credit, today)
    assert found.balance == total(amount for _, amount in invoices) - credit
    assert {bucket_of(today - timedelta(days=age), today) for age, _ in invoices if age <= 0} <= {"current"}


def test_no_float_anywhere():
    """X-01: no literal, no name, no conversion of binary fractions in the whole plugin."""
    for path in Path(psa_billing.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            assert not (isinstance(node, ast.Constant) and isinstance(node.value, float)), path
            assert not (isinstance(node, ast.Name) and node.id == "float"), path


def test_engines_ask_nothing_outside():
    """They import dates, decimals and each other."""
    folder = Path(psa_billing.__file__).parent / "engine"
    allowed = {"calendar", "collections", "datetime", "decimal", "msgspec", "psa_sdk", "re", "typing", "uuid"}
    for path in folder.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom):
                assert node.module
                assert node.module.startswith("psa_billing.engine") or node.module.split(".")[0] in allowed
                assert node.module != "psa_sdk"
