"""The sums of an invoice: lines, discounts, tax, total (BILL-10 to BILL-21)."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

import msgspec

from psa_billing.engine.money import HUNDRED, ZERO, rounded, split, total
from psa_billing.engine.tax import Group, Rate, Taxed, TaxRounding, tax_in, tax_on


class LineInput(msgspec.Struct, frozen=True, kw_only=True):
    """A line to compute; `amount` is exact and takes the place of quantity times price."""

    quantity: Decimal = Decimal(1)
    unit_price: Decimal = ZERO
    amount: Decimal | None = None
    discount_percent: Decimal = ZERO
    rates: Sequence[Rate] = ()

    @property
    def exact(self) -> Decimal:
        """The unrounded amount after the line's own discount."""
        whole = self.quantity * self.unit_price if self.amount is None else self.amount
        return whole * (HUNDRED - self.discount_percent) / HUNDRED


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """How an invoice is computed; the discount is a percentage, or else an amount."""

    currency: str
    tax_rounding: TaxRounding = "per_group"
    prices_include_tax: bool = False
    discount_percent: Decimal = ZERO
    discount_fixed: Decimal = ZERO
    discount_reduces_tax: bool = True


class LineTotals(msgspec.Struct, frozen=True, kw_only=True):
    """A line, net: rounded once, its share of the invoice's discount, its tax."""

    total: Decimal
    discount: Decimal
    tax: Decimal
    taxes: Mapping[Rate, Decimal]

    @property
    def net(self) -> Decimal:
        """What is left after the discount, without tax."""
        return self.total - self.discount


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """An invoice's sums: total = subtotal - discount + tax (BILL-21)."""

    lines: Sequence[LineTotals]
    subtotal: Decimal
    discount: Decimal
    tax: Decimal
    total: Decimal
    groups: Sequence[Group]


def totals(lines: Sequence[LineInput], terms: Terms) -> Totals:
    """Compute an invoice.

    The discount is shared out over the lines before tax (BILL-16); where it must not reduce tax, tax is that of the
    full amounts. With prices that include tax all given amounts are gross, all results net.

    Example:
        >>> ten = (Rate(name="Tax", percent=Decimal(10)),)
        >>> lines = [LineInput(unit_price=Decimal(100), rates=ten), LineInput(unit_price=Decimal(50))]
        >>> found = totals(lines, Terms(currency="USD", discount_fixed=Decimal(15)))
        >>> [str(line.discount) for line in found.lines], str(found.tax), str(found.total)
        (['10.00', '5.00'], '9.00', '144.00')
    """
    currency = terms.currency
    given = [rounded(line.exact, currency) for line in lines]
    off = split(_discount(given, terms), given, currency) if lines else []
    left = [amount - share for amount, share in zip(given, off, strict=True)]
    rates = [tuple(line.rates) for line in lines]
    extract = tax_in if terms.prices_include_tax else tax_on
    full = list(zip(given, rates, strict=True))
    if not terms.discount_reduces_tax:
        taxed = extract(full, currency, terms.tax_rounding)
        before, discounts = taxed.nets, off
    else:
        taxed = extract(list(zip(left, rates, strict=True)), currency, terms.tax_rounding)
        before = extract(full, currency, terms.tax_rounding).nets if terms.prices_include_tax else given
        discounts = [whole - net for whole, net in zip(before, taxed.nets, strict=True)]
    return _summed(before, discounts, taxed, currency)


def _discount(given: Sequence[Decimal], terms: Terms) -> Decimal:
    whole = total(given)
    if terms.discount_percent:
        return rounded(whole * terms.discount_percent / HUNDRED, terms.currency)
    return rounded(terms.discount_fixed, terms.currency)


def _summed(nets: Sequence[Decimal], discounts: Sequence[Decimal], taxed: Taxed, currency: str) -> Totals:
    lines = [
        LineTotals(total=net, discount=discount, tax=total(taxes.values()), taxes=taxes)
        for net, discount, taxes in zip(nets, discounts, taxed.taxes, strict=True)
    ]
    subtotal, discount = rounded(total(nets), currency), rounded(total(discounts), currency)
    tax = rounded(taxed.amount, currency)
    return Totals(
        lines=lines,
        subtotal=subtotal,
        discount=discount,
        tax=tax,
        total=subtotal - discount + tax,
        groups=taxed.groups,
    )
