"""How old what is owed is (BILL-40, BILL-41)."""

import datetime
from collections.abc import Iterable
from decimal import Decimal
from typing import Literal

import msgspec

from psa_billing.engine.money import ZERO

Bucket = Literal["current", "days_1_30", "days_31_60", "days_61_90", "days_over_90"]
BUCKETS: tuple[Bucket, ...] = ("current", "days_1_30", "days_31_60", "days_61_90", "days_over_90")


def bucket_of(due: datetime.date, as_of: datetime.date) -> Bucket:
    """Return the bucket of something due; what is due on the day, or later, is current.

    Example:
        >>> from datetime import date
        >>> [bucket_of(date(2026, m, d), date(2026, 6, 30)) for m, d in ((6, 30), (5, 31), (5, 30), (4, 1), (3, 31))]
        ['current', 'days_1_30', 'days_31_60', 'days_61_90', 'days_over_90']
    """
    days = (as_of - due).days
    if days <= 0:
        return "current"
    for limit, bucket in ((30, "days_1_30"), (60, "days_31_60"), (90, "days_61_90")):
        if days <= limit:
            return bucket  # pyright: ignore[reportReturnType]
    return "days_over_90"


class Aged(msgspec.Struct, kw_only=True):
    """Sums by bucket; unapplied credit is negative, so that all columns add up to the ledger's balance."""

    current: Decimal = ZERO
    days_1_30: Decimal = ZERO
    days_31_60: Decimal = ZERO
    days_61_90: Decimal = ZERO
    days_over_90: Decimal = ZERO
    unapplied: Decimal = ZERO

    @property
    def outstanding(self) -> Decimal:
        """What invoices leave open."""
        return self.current + self.days_1_30 + self.days_31_60 + self.days_61_90 + self.days_over_90

    @property
    def balance(self) -> Decimal:
        """What is owed after all."""
        return self.outstanding + self.unapplied


def aged(
    open_amounts: Iterable[tuple[datetime.date, Decimal]], credit: Decimal, as_of: datetime.date
) -> Aged:
    """Sum up open amounts by due date; `credit` is what was paid or credited and not applied."""
    found = Aged(unapplied=-credit if credit else ZERO)
    for due, amount in open_amounts:
        bucket = bucket_of(due, as_of)
        setattr(found, bucket, getattr(found, bucket) + amount)
    return found
