"""Which invoices a payment goes to (BILL-30)."""

import datetime
from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

import msgspec

from psa_billing.engine.money import ZERO


class OpenInvoice(msgspec.Struct, frozen=True, kw_only=True):
    """What is open of an invoice."""

    id: UUID
    due: datetime.date
    balance: Decimal


def oldest_first(amount: Decimal, invoices: Sequence[OpenInvoice]) -> list[tuple[UUID, Decimal]]:
    """Apply an amount to open invoices, the one due first before others; what is left stays unapplied."""
    found: list[tuple[UUID, Decimal]] = []
    left = amount
    for invoice in sorted(invoices, key=lambda one: (one.due, one.id)):
        part = min(left, invoice.balance)
        if part > ZERO:
            found.append((invoice.id, part))
            left -= part
    return found
