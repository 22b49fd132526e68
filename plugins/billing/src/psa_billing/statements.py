"""A company's account: its movements with the balance after each, and the letter that tells it."""

import datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from psa_billing import receivables, sending
from psa_billing.engine.money import ZERO, rounded, total
from psa_billing.formats import Formats
from psa_billing.profiles import client, tenant_facts
from psa_billing.settings import BillingSettings
from psa_billing.wording import words
from psa_contacts.api import COMPANIES
from psa_sdk import Answer, AnswerList, Context, get, post
from psa_sdk.errors import Conflict
from psa_sdk.values import CurrencyCode

MOVEMENTS = """
SELECT * FROM (
    SELECT invoice_date AS date, kind AS what, invoice_number AS reference,
        CASE WHEN kind = 'invoice' THEN total ELSE -total END AS amount, currency, created_at
    FROM billing.invoice WHERE company = $1 AND finalised_at IS NOT NULL AND status <> 'void'
    UNION ALL
    SELECT payment_date, 'payment', coalesce(reference_number, ''), -amount, currency, created_at
    FROM billing.payment WHERE company = $1 AND status = 'received'
    UNION ALL
    SELECT date, 'refund', coalesce(reference_number, ''), amount, currency, created_at
    FROM billing.refund WHERE company = $1
    UNION ALL
    SELECT failed_on, 'refund_failed', coalesce(reference_number, ''), -amount, currency, updated_at
    FROM billing.refund WHERE company = $1 AND failed_on IS NOT NULL
    UNION ALL
    SELECT a.date, 'write_off', i.invoice_number, -a.amount, i.currency, a.created_at
    FROM billing.allocation a JOIN billing.invoice i ON i.tenant_id = a.tenant_id AND i.id = a.invoice
    WHERE a.company = $1 AND a.kind = 'write_off' AND a.reversed_on IS NULL
) m WHERE m.date <= $2 AND m.currency = $3 ORDER BY m.date, m.created_at"""


class StatementRow(msgspec.Struct, kw_only=True):
    """A movement of a company's account and the balance after it."""

    date: datetime.date
    what: str
    reference: str
    amount: Decimal
    balance: Decimal
    currency: str


class StatementQuery(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Up to which date, in which currency."""

    as_of: datetime.date | None = None
    currency: CurrencyCode | None = None


class SendStatement(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """As of which date."""

    as_of: Annotated[datetime.date | None, Meta(description="Today without one")] = None


async def _movements(
    ctx: Context, company_id: UUID, as_of: datetime.date, currency: str
) -> list[StatementRow]:
    found: list[StatementRow] = []
    balance = rounded(ZERO, currency)
    for row in await ctx.db.fetch(MOVEMENTS, company_id, as_of, currency):
        balance += row["amount"]
        found.append(
            StatementRow(
                date=row["date"],
                what=row["what"],
                reference=row["reference"],
                amount=row["amount"],
                balance=balance,
                currency=currency,
            )
        )
    return found


@get(
    "/companies/{id:uuid}/statement",
    permission="billing.invoices.read",
    audience="both",
    returns=StatementRow,
    answer_type="statement-lines",
)
async def statement(ctx: Context, id: UUID, query: StatementQuery) -> AnswerList:
    """Show a company's account: every invoice, credit, payment and refund, with the balance after it."""
    await ctx.records.get(COMPANIES, id)
    if ctx.principal.audience == "portal" and not ctx.principal.who.client_admin:
        return AnswerList(items=[])
    who = await client(ctx, id)
    rows = await _movements(ctx, id, query.as_of or ctx.today, query.currency or who.currency)
    return AnswerList(
        items=[
            Answer(type="statement-lines", id=f"{id}:{place}", attributes=row)
            for place, row in enumerate(rows)
        ],
        meta={"balance": str(rows[-1].balance) if rows else "0"},
    )


@post("/companies/{id:uuid}/statement/send", permission="billing.invoices.send", status=204)
async def send_statement(ctx: Context, id: UUID, body: SendStatement) -> None:
    """Send a company its open invoices and balance."""
    await ctx.records.get(COMPANIES, id)
    who = await client(ctx, id)
    as_of = body.as_of or ctx.today
    items = await receivables.open_items(ctx, as_of, company_id=id)
    if not items:
        raise Conflict("Nothing is open.", code="nothing_open")
    formats, say = Formats(who.language), words(who.language)
    lines = [
        f"{item.number}  {formats.date(item.invoice_date)}  {say['due']} {formats.date(item.due_date)}  "
        f"{formats.amount(item.open, item.currency)}"
        for item in items
    ]
    found = await receivables.positions(ctx, as_of, company_id=id)
    lines += [
        f"{say['unapplied']}  {formats.amount(one.aged.unapplied, one.currency)}"
        for one in found
        if one.aged.unapplied
    ]
    balance = ", ".join(formats.amount(total([one.aged.balance]), one.currency) for one in found)
    own = await ctx.settings(BillingSettings)
    seller = own.seller_name or (await tenant_facts(ctx))["name"]
    await sending.send_statement(ctx, who, lines, balance, formats.date(as_of), seller)


ALL = (statement, send_statement)
