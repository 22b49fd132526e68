"""Accounts and exports to the bookkeeping, as clients read and write them."""

import datetime
from decimal import Decimal
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from psa_billing.shapes import Dated

Entry = Literal[
    "invoice",
    "credit_memo",
    "void",
    "payment",
    "payment_failed",
    "refund",
    "refund_failed",
    "write_off",
    "write_off_reversed",
]
Code = Annotated[str, Meta(min_length=1, max_length=40)]


class AccountMappingWrite(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a client may send for an account."""

    kind: Literal["receivables", "revenue", "tax", "money", "bad_debt"]
    account: Code
    key: Annotated[
        str,
        Meta(
            max_length=200,
            description="Of revenue: a product's SKU or a type of line; of tax: the rate's name; of money: the method;"
            " empty: everything else",
        ),
    ] = ""
    name: Annotated[str, Meta(max_length=200)] = ""


class AccountMappingRead(AccountMappingWrite, kw_only=True):
    """The account that something is booked to."""

    created_at: datetime.datetime
    updated_at: datetime.datetime


class ExportRead(Dated, kw_only=True):
    """A journal that was handed to the bookkeeping."""

    status: Literal["exported", "cancelled"]
    through: datetime.date
    documents: int
    cancelled_at: datetime.datetime | None


class EntryWrite(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What the bookkeeping calls a document."""

    external_id: Annotated[str, Meta(min_length=1, max_length=200)] | None = None


class EntryRead(Dated, kw_only=True):
    """A document that was exported."""

    kind: Entry
    document: str
    reference: str
    date: datetime.date
    amount: Decimal
    currency: str
    content_hash: str
    external_id: str | None
