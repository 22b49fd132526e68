"""Value types of the domain that every plugin shares: money, postal addresses, the names of time zones."""

import functools
import zoneinfo
from collections.abc import Sequence
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from typing import Annotated

import msgspec

CurrencyCode = Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$", description="ISO 4217 currency code")]

# ISO 4217 minor units that differ from two.
_EXPONENTS = {
    **dict.fromkeys(
        (
            "BIF",
            "CLP",
            "DJF",
            "GNF",
            "ISK",
            "JPY",
            "KMF",
            "KRW",
            "PYG",
            "RWF",
            "UGX",
            "UYI",
            "VND",
            "VUV",
            "XAF",
            "XOF",
            "XPF",
        ),
        0,
    ),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}


@functools.cache
def zone_names() -> frozenset[str]:
    """Return the names of the time zones (IANA), read once: they are a walk through hundreds of files.

    Example:
        >>> "Europe/Lisbon" in zone_names(), "Lisbon" in zone_names()
        (True, False)
    """
    return frozenset(zoneinfo.available_timezones())


def currency_exponent(currency: str) -> int:
    """Return the number of decimal places of a currency (ISO 4217).

    Example:
        >>> currency_exponent("USD"), currency_exponent("JPY"), currency_exponent("KWD")
        (2, 0, 3)
    """
    return _EXPONENTS.get(currency, 2)


class Money(msgspec.Struct, frozen=True, order=True):
    """An amount in one currency; JSON carries the amount as a string.

    Example:
        >>> Money(Decimal("2.345"), "USD").rounded()
        Money(amount=Decimal('2.35'), currency='USD')
        >>> Money(Decimal("-2.345"), "USD").rounded()
        Money(amount=Decimal('-2.35'), currency='USD')
    """

    amount: Decimal
    currency: CurrencyCode

    def rounded(self) -> "Money":
        """Round to the currency's exponent, half away from zero."""
        quantum = Decimal(1).scaleb(-currency_exponent(self.currency))
        return Money(self.amount.quantize(quantum, rounding=ROUND_HALF_UP), self.currency)

    def allocate(self, weights: Sequence[Decimal | int]) -> list["Money"]:
        """Split by weights so that the parts add up to the rounded whole.

        The remainder goes to the largest fractions, ties to the earliest part.

        Example:
            >>> [str(part.amount) for part in Money(Decimal("100.00"), "USD").allocate([1, 1, 1])]
            ['33.34', '33.33', '33.33']
        """
        total = sum((Decimal(weight) for weight in weights), Decimal(0))
        if not weights or total <= 0 or any(weight < 0 for weight in weights):
            raise ValueError("weights must not be negative and must add up to more than zero")
        quantum = Decimal(1).scaleb(-currency_exponent(self.currency))
        whole = self.rounded().amount
        sign, units = (-1, -whole) if whole < 0 else (1, whole)
        exact = [units * Decimal(weight) / total for weight in weights]
        parts = [share.quantize(quantum, rounding=ROUND_DOWN) for share in exact]
        missing = int((units - sum(parts, Decimal(0))) / quantum)
        by_remainder = sorted(range(len(parts)), key=lambda i: (parts[i] - exact[i], i))
        for index in by_remainder[:missing]:
            parts[index] += quantum
        return [Money(sign * part, self.currency) for part in parts]


class Address(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A postal address; every part may be empty.

    Example:
        >>> Address(street="1 Main St", city="Springfield", country="US").one_line()
        '1 Main St, Springfield, US'
    """

    street: Annotated[str, msgspec.Meta(max_length=300)] = ""
    street2: Annotated[str, msgspec.Meta(max_length=300)] = ""
    city: Annotated[str, msgspec.Meta(max_length=120)] = ""
    region: Annotated[str, msgspec.Meta(max_length=120, description="State, province or county")] = ""
    postal_code: Annotated[str, msgspec.Meta(max_length=20)] = ""
    country: Annotated[str, msgspec.Meta(pattern="^([A-Z]{2})?$", description="ISO 3166-1 alpha-2 code")] = ""

    def one_line(self) -> str:
        """Return the filled parts joined by commas."""
        parts = (
            self.street,
            self.street2,
            self.city,
            f"{self.region} {self.postal_code}".strip(),
            self.country,
        )
        return ", ".join(part for part in parts if part)
