"""Tax of an invoice's lines: several rates, compound ones, prices with or without tax (BILL-10 to BILL-15)."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Literal

import msgspec

from psa_billing.engine.money import HUNDRED, ZERO, rounded, split, total

TaxRounding = Literal["per_group", "per_line"]
TaxCode = Literal["S", "Z", "E", "AE", "O"]
"""Categories of EN 16931: standard, zero, exempt, reverse charge, outside of tax (UNTDID 5305)."""


class Rate(msgspec.Struct, frozen=True, kw_only=True):
    """A tax in percent; a compound one is also levied on the taxes before it."""

    name: str
    percent: Decimal
    compound: bool = False
    jurisdiction: str = ""
    code: TaxCode = "S"
    note: str = ""


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """What one rate makes on the whole invoice."""

    rate: Rate
    base: Decimal
    amount: Decimal


class Taxed(msgspec.Struct, frozen=True, kw_only=True):
    """Taxes of lines: for each line the net amount and the tax by rate, and the sums by rate."""

    nets: Sequence[Decimal]
    taxes: Sequence[Mapping[Rate, Decimal]]
    groups: Sequence[Group]

    @property
    def amount(self) -> Decimal:
        """All tax."""
        return total(group.amount for group in self.groups)


Line = tuple[Decimal, Sequence[Rate]]


def tax_on(lines: Sequence[Line], currency: str, mode: TaxRounding = "per_group") -> Taxed:
    """Tax net amounts: rounded once per rate and shared out by largest remainder, or line by line.

    Example:
        >>> gst, pst = Rate(name="A", percent=Decimal(5)), Rate(name="B", percent=Decimal("9.975"), compound=True)
        >>> [str(group.amount) for group in tax_on([(Decimal(100), (gst, pst))], "USD").groups]
        ['5.00', '10.47']
    """
    taxes: list[dict[Rate, Decimal]] = [{} for _ in lines]
    groups: list[Group] = []
    for rate in _in_order(lines):
        places = [place for place, (_, rates) in enumerate(lines) if rate in rates]
        bases = [
            lines[place][0] + (total(taxes[place].values()) if rate.compound else ZERO) for place in places
        ]
        exact = [base * rate.percent / HUNDRED for base in bases]
        if mode == "per_line":
            shares = [rounded(amount, currency) for amount in exact]
        else:
            shares = split(rounded(total(exact), currency), exact, currency)
        for place, share in zip(places, shares, strict=True):
            taxes[place][rate] = share
        groups.append(Group(rate=rate, base=total(bases), amount=total(shares)))
    return Taxed(nets=[amount for amount, _ in lines], taxes=taxes, groups=groups)


def tax_in(lines: Sequence[Line], currency: str, mode: TaxRounding = "per_group") -> Taxed:
    """Take the tax out of gross amounts; net and tax add up to them.

    Example:
        >>> found = tax_in([(Decimal("10.00"), (Rate(name="VAT", percent=Decimal(19)),))], "EUR")
        >>> str(found.nets[0]), str(found.amount)
        ('8.40', '1.60')
    """
    alike: dict[tuple[Rate, ...], list[int]] = {}
    for place, (_, rates) in enumerate(lines):
        alike.setdefault(tuple(rates), []).append(place)
    taxes: list[dict[Rate, Decimal]] = [{} for _ in lines]
    for rates, places in alike.items():
        shares = _levied(rates)
        factor = 1 + total(shares)
        gross = [lines[place][0] for place in places]
        if mode == "per_line":
            inside = [amount - rounded(amount / factor, currency) for amount in gross]
        else:
            whole = total(gross)
            inside = split(whole - rounded(whole / factor, currency), gross, currency)
        by_rate = _apart(inside, shares, currency, mode)
        for row, place in enumerate(places):
            for column, rate in enumerate(rates):
                taxes[place][rate] = by_rate[column][row]
    nets = [amount - total(taxes[place].values()) for place, (amount, _) in enumerate(lines)]
    groups: list[Group] = []
    for rate in _in_order(lines):
        places = [place for place, (_, rates) in enumerate(lines) if rate in rates]
        bases = [
            nets[place] + (total(_before(taxes[place], rate, lines[place][1])) if rate.compound else ZERO)
            for place in places
        ]
        groups.append(
            Group(rate=rate, base=total(bases), amount=total(taxes[place][rate] for place in places))
        )
    return Taxed(nets=nets, taxes=taxes, groups=groups)


def _in_order(lines: Sequence[Line]) -> list[Rate]:
    """All rates, simple ones first, in the order in which lines name them."""
    found: dict[Rate, None] = {}
    for _, rates in lines:
        found.update(dict.fromkeys(rates))
    return sorted(found, key=lambda rate: rate.compound)


def _levied(rates: Sequence[Rate]) -> list[Decimal]:
    """Each rate's part of one unit of net amount."""
    shares: list[Decimal] = []
    for rate in sorted(rates, key=lambda rate: rate.compound):
        base = 1 + total(shares) if rate.compound else Decimal(1)
        shares.append(base * rate.percent / HUNDRED)
    ordered = sorted(range(len(rates)), key=lambda place: rates[place].compound)
    placed = [ZERO] * len(rates)
    for share, place in zip(shares, ordered, strict=True):
        placed[place] = share
    return placed


def _apart(
    inside: Sequence[Decimal], shares: Sequence[Decimal], currency: str, mode: TaxRounding
) -> list[list[Decimal]]:
    """Share the tax inside of lines out over rates: rate by rate, a list of lines' amounts."""
    if not shares:
        return []
    if mode == "per_line":
        rows = [split(amount, shares, currency) for amount in inside]
        return [[row[column] for row in rows] for column in range(len(shares))]
    left = list(inside)
    found: list[list[Decimal]] = []
    for amount in split(total(inside), shares, currency)[:-1]:
        part = split(amount, left, currency)
        left = [have - take for have, take in zip(left, part, strict=True)]
        found.append(part)
    return [*found, left]


def _before(taxes: Mapping[Rate, Decimal], rate: Rate, rates: Sequence[Rate]) -> list[Decimal]:
    ordered = sorted(rates, key=lambda one: one.compound)
    return [taxes[one] for one in ordered[: ordered.index(rate)]]
