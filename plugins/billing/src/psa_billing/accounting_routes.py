"""What one can do with the bookkeeping: see what waits, export it, download it, take it back, see what changed."""

import datetime
from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
from litestar import Response

from psa_billing import accounting_documents, accounting_exports
from psa_billing.accounting_exports import EXPORTS
from psa_billing.engine import journal
from psa_sdk import Answer, AnswerList, Context, Record, get, post

EXPORT = "billing.accounting_exports.export"
READ = "billing.accounting_exports.read"


class Through(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Through which date; today without one."""

    through: datetime.date | None = None


class AccountSum(msgspec.Struct, kw_only=True):
    """What an export books to an account."""

    currency: str
    account: str
    debit: Decimal
    credit: Decimal


class Waiting(msgspec.Struct, kw_only=True):
    """What waits for an export; `missing` has no account yet, `is_more` goes with the next one."""

    through: datetime.date
    documents: int
    is_more: bool
    missing: list[str]
    accounts: list[AccountSum]


class Changed(msgspec.Struct, kw_only=True):
    """A document that is no longer what was exported."""

    kind: str
    document: UUID
    reference: str
    date: datetime.date
    amount: Decimal
    currency: str


async def waiting_facts(ctx: Context, through: datetime.date) -> Waiting:
    """Return what an export through a day would hold; it is what the export does."""
    found = await accounting_exports.prepare(ctx, through)
    sums = journal.sums((one.currency, account, posting.amount) for one, account, posting in found.booked)
    return Waiting(
        through=through,
        documents=len(found.documents),
        is_more=found.is_more,
        missing=list(found.missing),
        accounts=[
            AccountSum(currency=currency, account=account, debit=debit, credit=credit)
            for (currency, account), (debit, credit) in sums.items()
        ],
    )


@get("/billing/accounting/waiting", permission=READ, returns=Waiting, answer_type="accounting-previews")
async def waiting(ctx: Context, query: Through) -> Answer:
    """Show what waits for an export, by account."""
    return Answer(type="accounting-previews", attributes=await waiting_facts(ctx, query.through or ctx.today))


@post("/billing/accounting/export", permission=EXPORT, returns=EXPORTS, status=201)
async def export(ctx: Context, body: Through) -> Record:
    """Export what waits; each document goes with one export only."""
    return Record(EXPORTS, await accounting_exports.export(ctx, body.through or ctx.today), status=201)


@get("/accounting-exports/{id:uuid}/journal", permission=READ, media_type="text/csv", returns=bytes)
async def download(ctx: Context, id: UUID) -> Response[bytes]:
    """Download an export's journal; it is the same file each time."""
    found = await ctx.records.get(EXPORTS, id)
    return journal_answer(found, await accounting_exports.journal_of(ctx, found))


def journal_answer(export: Mapping[str, Any], content: bytes) -> Response[bytes]:
    """Answer with a journal as a file."""
    headers = {
        "Content-Disposition": f'attachment; filename="{accounting_exports.file_name(export["through"])}"'
    }
    return Response(content, media_type="text/csv; charset=utf-8", headers=headers)


@post("/accounting-exports/{id:uuid}/cancel", permission=EXPORT, returns=EXPORTS)
async def cancel(ctx: Context, id: UUID) -> Record:
    """Take an export back; its documents go with the next one."""
    await ctx.records.get(EXPORTS, id)
    await accounting_exports.cancel(ctx, id)
    return Record(EXPORTS, id)


@get("/billing/accounting/conflicts", permission=READ, returns=Changed, answer_type="accounting-conflicts")
async def conflicts(ctx: Context) -> AnswerList:
    """List exported documents that were changed since: correct them in the books by hand."""
    return AnswerList(
        items=[
            Answer(
                type="accounting-conflicts",
                id=f"{one.kind}:{one.id}",
                attributes=Changed(
                    kind=one.kind,
                    document=one.id,
                    reference=one.reference,
                    date=one.date,
                    amount=one.amount,
                    currency=one.currency,
                ),
            )
            for one in await accounting_documents.changed(ctx)
        ]
    )


ALL = (waiting, export, download, cancel, conflicts)
