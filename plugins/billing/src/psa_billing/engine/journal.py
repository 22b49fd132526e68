"""What a document moves between accounts; every document's postings add up to nothing."""

import datetime
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Literal
from uuid import UUID

import msgspec

from psa_billing.engine.money import ZERO, total

Account = Literal["receivables", "revenue", "tax", "money", "bad_debt"]


class Posting(msgspec.Struct, frozen=True):
    """An amount on a kind of account, debit positive; `keys` narrow the account down, the first that is known."""

    account: Account
    amount: Decimal
    keys: tuple[str, ...] = ()


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is booked once."""

    kind: str
    id: UUID
    date: datetime.date
    reference: str
    company_id: UUID
    company: str
    currency: str
    amount: Decimal
    postings: Sequence[Posting]


def sale(
    revenue: Iterable[tuple[tuple[str, ...], Decimal]], taxes: Iterable[tuple[str, Decimal]]
) -> list[Posting]:
    """Book an invoice: the client owes net and taxes.

    Example:
        >>> [(one.account, str(one.amount)) for one in sale([(("service",), Decimal(100))], [("VAT", Decimal(19))])]
        [('receivables', '119'), ('revenue', '-100'), ('tax', '-19')]
    """
    parts = [Posting("revenue", -amount, keys) for keys, amount in revenue if amount]
    parts += [Posting("tax", -amount, (name,)) for name, amount in taxes if amount]
    return [Posting("receivables", -total(one.amount for one in parts)), *parts]


def receipt(amount: Decimal, method: str) -> list[Posting]:
    """Book money that came in."""
    return [Posting("money", amount, (method,)), Posting("receivables", -amount)]


def given_up(amount: Decimal) -> list[Posting]:
    """Book what is written off."""
    return [Posting("bad_debt", amount), Posting("receivables", -amount)]


def reversed_(postings: Iterable[Posting]) -> list[Posting]:
    """Book the opposite."""
    return [Posting(one.account, -one.amount, one.keys) for one in postings]


def account_of(posting: Posting, mapping: Mapping[tuple[str, str], str]) -> str | None:
    """Return the account of a posting: by its keys, the first that is mapped, else the kind's; None without any.

    Example:
        >>> known = {("revenue", ""): "4000", ("revenue", "time_entry"): "4100"}
        >>> [account_of(Posting("revenue", ZERO, keys), known) for keys in (("SKU-1", "time_entry"), ("SKU-1", "product"))]
        ['4100', '4000']
        >>> account_of(Posting("tax", ZERO, ("VAT",)), known) is None
        True
    """
    for key in (*posting.keys, ""):
        found = mapping.get((posting.account, key))
        if found is not None:
            return found
    return None


def fingerprint(document: Document) -> str:
    """Return a hash of what is booked, by which a later change is noticed."""
    booked = sorted([one.account, *one.keys, f"{one.amount.normalize():f}"] for one in document.postings)
    facts = (document.kind, str(document.id), str(document.date), document.currency, booked)
    return hashlib.sha256(msgspec.json.encode(facts)).hexdigest()


def sums(
    booked: Iterable[tuple[str, str, Decimal]],
) -> dict[tuple[str, str], tuple[Decimal, Decimal]]:
    """Return debit and credit by currency and account, of postings given as (currency, account, amount)."""
    found: dict[tuple[str, str], tuple[Decimal, Decimal]] = {}
    for currency, account, amount in booked:
        debit, credit = found.get((currency, account), (ZERO, ZERO))
        found[currency, account] = (debit + max(amount, ZERO), credit + max(-amount, ZERO))
    return dict(sorted(found.items()))
