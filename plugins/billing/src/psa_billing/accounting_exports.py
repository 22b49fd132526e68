"""Handing documents to the bookkeeping: each once, as a journal whose accounts are known (BILL-44)."""

import csv
import datetime
import io
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from psa_billing import accounting_documents
from psa_billing.engine import journal
from psa_billing.engine.journal import Document, Posting
from psa_sdk import Context
from psa_sdk.errors import Conflict, NotFound

EXPORTS = "accounting-exports"
ENTRIES = "accounting-entries"
MAPPING = "SELECT kind, key, account FROM billing.account_mapping"
TAKE = """
INSERT INTO billing.accounting_entry (export, company, kind, document, reference, date, amount, currency, content_hash)
SELECT $1, e.* FROM unnest($2::uuid[], $3::text[], $4::uuid[], $5::text[], $6::date[], $7::numeric[], $8::text[], $9::text[])
    AS e(company, kind, document, reference, date, amount, currency, content_hash)"""
BOOKED = "SELECT 1 FROM billing.accounting_entry WHERE export = $1 AND external_id IS NOT NULL LIMIT 1"
HEADER = (
    "date",
    "kind",
    "reference",
    "customer",
    "customer_id",
    "account",
    "debit",
    "credit",
    "currency",
    "document_id",
)


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """What an export holds, or would: the documents, their postings with accounts, and what has no account yet."""

    documents: Sequence[Document]
    booked: Sequence[tuple[Document, str, Posting]]
    missing: Sequence[str]
    is_more: bool


async def prepare(ctx: Context, through: datetime.date) -> Prepared:
    """Collect what is dated through a day and was not exported, and find its accounts."""
    documents, is_more = await accounting_documents.waiting(ctx, through)
    mapping = {(row["kind"], row["key"]): row["account"] for row in await ctx.db.fetch(MAPPING)}
    booked: list[tuple[Document, str, Posting]] = []
    missing: set[str] = set()
    for document in documents:
        for posting in document.postings:
            account = journal.account_of(posting, mapping)
            if account is None:
                missing.add(
                    f"{posting.account}: {', '.join(posting.keys)}" if posting.keys else posting.account
                )
            elif posting.amount:
                booked.append((document, account, posting))
    return Prepared(documents=documents, booked=booked, missing=sorted(missing), is_more=is_more)


async def export(ctx: Context, through: datetime.date) -> UUID:
    """Export what waits; returns the export, on which the journal hangs. Exports take turns.

    Raises `Conflict` where nothing waits, or something has no account.
    """
    await ctx.db.lock("billing.accounting")
    found = await prepare(ctx, through)
    if not found.documents:
        raise Conflict(f"Everything through {through} has been exported.", code="nothing_to_export")
    if found.missing:
        raise Conflict(
            f"Name the accounts first: {'; '.join(found.missing)}.",
            code="accounts_missing",
            meta={"missing": list(found.missing)},
        )
    system = ctx.as_system()
    made = await system.records.create(
        EXPORTS,
        {
            "through": through,
            "documents": len(found.documents),
            "exported_by": ctx.principal.id if ctx.principal.kind == "user" else None,
        },
    )
    await ctx.db.execute(TAKE, made, *_columns(found.documents))
    content = written(found.booked).encode()
    await system.files.save(content, name=file_name(through), subject=(EXPORTS, made), unlimited=True)
    return made


def _columns(documents: Sequence[Document]) -> list[list[Any]]:
    rows = [
        (
            one.company_id,
            one.kind,
            one.id,
            one.reference,
            one.date,
            one.amount,
            one.currency,
            journal.fingerprint(one),
        )
        for one in documents
    ]
    return [list(column) for column in zip(*rows, strict=True)]


def file_name(through: datetime.date) -> str:
    """Return the name of an export's file."""
    return f"journal-{through}.csv"


def written(booked: Sequence[tuple[Document, str, Posting]]) -> str:
    """Write postings as CSV (RFC 4180): a row for each, amounts with a point."""
    sheet = io.StringIO()
    writer = csv.writer(sheet)
    writer.writerow(HEADER)
    for document, account, posting in booked:
        debit, credit = max(posting.amount, Decimal(0)), max(-posting.amount, Decimal(0))
        writer.writerow(
            (
                document.date,
                document.kind,
                _text(document.reference),
                _text(document.company),
                document.company_id,
                _text(account),
                debit or "",
                credit or "",
                document.currency,
                document.id,
            )
        )
    return sheet.getvalue()


def _text(cell: str) -> str:
    """Keep spreadsheets from running a text as a formula (CRM-09)."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


async def journal_of(ctx: Context, export: Mapping[str, Any]) -> bytes:
    """Return the file of an export as it was written; raises `NotFound` where it is gone."""
    system = ctx.as_system()
    for file in await system.files.attached(EXPORTS, export["id"]):
        return b"".join([chunk async for chunk in system.files.read(file.id)])
    raise NotFound("The file of this export is gone.")


async def cancel(ctx: Context, export_id: UUID) -> None:
    """Take an export back: its documents go with the next one. Raises `Conflict` once it is in the books."""
    await ctx.db.lock("billing.accounting")
    system = ctx.as_system()
    export = await system.records.get(EXPORTS, export_id, lock=True)
    if export["status"] == "cancelled":
        raise Conflict("The export was cancelled.", code="illegal_transition", meta={"allowed": []})
    if await ctx.db.fetch_value(BOOKED, export_id):
        raise Conflict("Documents of this export are in the books already.", code="booked")
    await ctx.db.execute("DELETE FROM billing.accounting_entry WHERE export = $1", export_id)
    await system.records.update(EXPORTS, export_id, {"status": "cancelled", "cancelled_at": ctx.now})
