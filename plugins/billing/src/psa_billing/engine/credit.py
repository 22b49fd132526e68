"""Credit for parts of invoiced lines, so that crediting all of a line cancels it exactly (BILL-17, BILL-18)."""

from collections.abc import Mapping
from decimal import Decimal
from typing import TypeVar

import msgspec

from psa_billing.engine.money import ZERO, rounded, total

K = TypeVar("K")


class Remainder(msgspec.Struct, frozen=True, kw_only=True):
    """A line as invoiced, and what of it was credited before: net amounts and taxes."""

    net: Decimal
    taxes: Mapping[str, Decimal]
    credited_net: Decimal = ZERO
    credited_taxes: Mapping[str, Decimal] = {}

    @property
    def open_net(self) -> Decimal:
        """What can still be credited, without tax."""
        return self.net - self.credited_net


class Credit(msgspec.Struct, frozen=True, kw_only=True):
    """What is credited of one line."""

    net: Decimal
    taxes: Mapping[str, Decimal]

    @property
    def amount(self) -> Decimal:
        """Net and tax."""
        return self.net + total(self.taxes.values())


def credit_of(line: Remainder, net: Decimal, currency: str) -> Credit:
    """Return a credit of a net amount; its tax is what was due on all credited so far, less that credited before.

    Raises `ValueError` where more is asked for than is left.

    Example:
        >>> line = Remainder(net=Decimal("100.00"), taxes={"Tax": Decimal("10.00")})
        >>> str(credit_of(line, Decimal("40.00"), "USD").amount)
        '44.00'
    """
    reached = line.credited_net + net
    if not line.net:
        if net:
            raise ValueError("a line of nothing leaves nothing to credit")
        return Credit(net=net, taxes={name: rounded(ZERO, currency) for name in line.taxes})
    share = reached / line.net
    if share > 1 or share < 0 or net * line.net < 0:
        raise ValueError("more is credited than is left of the line")
    taxes = {
        name: rounded(amount * reached / line.net, currency) - line.credited_taxes.get(name, ZERO)
        for name, amount in line.taxes.items()
    }
    return Credit(net=net, taxes=taxes)
