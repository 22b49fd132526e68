"""Making invoices from what can be billed: for one company, from a contract, for all in a run; each with a preview."""

import datetime
from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta

from psa_billing import drafting, runs
from psa_billing.api_sources import BillingScope
from psa_billing.drafting import Outcome, Wanted
from psa_billing.engine.money import total
from psa_contacts.api import COMPANIES
from psa_sdk import Answer, Context, Record, post
from psa_sdk.errors import Conflict, NotFound

GENERATE = "billing.invoices.generate"
TIME, CONTRACTS = "time", "contracts"
MOST_PREVIEWED = 200


class Generate(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """For whom, through which date of work; `preview` writes nothing."""

    company: UUID
    through: datetime.date | None = None
    invoice_date: datetime.date | None = None
    preview: bool = False


class GenerateFromContract(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Which contract, through which date; `preview` writes nothing."""

    contract: UUID
    through: datetime.date | None = None
    invoice_date: datetime.date | None = None
    preview: bool = False


class GenerateBatch(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Through which date, for which companies (all that have something without any); `finalise` numbers them too."""

    through: datetime.date | None = None
    invoice_date: datetime.date | None = None
    companies: Annotated[list[UUID], Meta(max_length=10_000)] | None = None
    finalise: bool = False
    preview: bool = False
    offset: Annotated[int, Meta(ge=0, description="Of a preview: so many companies are left out")] = 0


class DraftFacts(msgspec.Struct, kw_only=True):
    """A draft that was, or would be, written."""

    id: UUID | None
    kind: str
    company: UUID
    currency: str
    subtotal: Decimal
    tax_amount: Decimal
    total: Decimal
    lines: int


class Generated(msgspec.Struct, kw_only=True):
    """What was written or would be; `reasons` say what was left for later."""

    preview: bool
    drafts: list[DraftFacts]
    reasons: list[str]
    warnings: list[str]


def answer(outcomes: Sequence[Outcome], *, preview: bool, more: int = 0) -> Answer:
    """Answer with what was written or would be; `more` companies are not shown."""
    drafts = [
        DraftFacts(
            id=None if preview else one.id,
            kind=one.kind,
            company=outcome.company_id,
            currency=one.currency,
            subtotal=one.subtotal,
            tax_amount=one.tax_amount,
            total=one.total,
            lines=one.lines,
        )
        for outcome in outcomes
        for one in outcome.drafts
    ]
    attributes = Generated(
        preview=preview,
        drafts=drafts,
        reasons=[reason for outcome in outcomes for reason in outcome.reasons],
        warnings=list(dict.fromkeys(text for outcome in outcomes for text in outcome.warnings)),
    )
    currencies = sorted({one.currency for one in drafts})
    sums = {
        currency: str(total(one.total for one in drafts if one.currency == currency))
        for currency in currencies
    }
    created = bool(drafts) and not preview
    return Answer(
        type="generated-invoices",
        attributes=attributes,
        status=201 if created else 200,
        meta={"totals": sums, "more": more},
    )


def scope_of(ctx: Context, company_id: UUID, body: Any, contract_id: UUID | None = None) -> BillingScope:
    """Return what a request asks for; without dates, through today and dated today."""
    return BillingScope(
        company_id=company_id,
        through=body.through or ctx.today,
        invoice_date=body.invoice_date or ctx.today,
        contract_id=contract_id,
    )


async def _generated(ctx: Context, scope: BillingScope, wanted: Wanted, *, preview: bool) -> Answer:
    run = drafting.preview if preview else drafting.draft
    return answer([await run(ctx, scope, wanted)], preview=preview)


@post(
    "/invoices/generate/from-time-entries",
    permission=GENERATE,
    returns=Generated,
    answer_type="generated-invoices",
)
async def from_time_entries(ctx: Context, body: Generate) -> Answer:
    """Draft an invoice for a company's approved time, or show what it would be."""
    await ctx.records.get(COMPANIES, body.company)
    scope = scope_of(ctx, body.company, body)
    return await _generated(ctx, scope, Wanted(sources=frozenset((TIME,))), preview=body.preview)


@post(
    "/invoices/generate/from-contract",
    permission=GENERATE,
    returns=Generated,
    answer_type="generated-invoices",
)
async def from_contract(ctx: Context, body: GenerateFromContract) -> Answer:
    """Draft an invoice for what a contract has due, with its time, or show what it would be."""
    try:
        contract = await ctx.records.get("contracts", body.contract)
    except LookupError:
        raise NotFound(f"There is no contract {body.contract}.") from None
    scope = scope_of(ctx, contract["company"], body, body.contract)
    return await _generated(ctx, scope, Wanted(sources=frozenset((TIME, CONTRACTS))), preview=body.preview)


@post("/invoices/generate/batch", permission=GENERATE, returns="billing-batches", status=202)
async def batch(ctx: Context, body: GenerateBatch) -> Record | Answer:
    """Start a run over companies in the background, or show what it would write."""
    through = body.through or ctx.today
    companies = body.companies
    if companies is None:
        companies = await drafting.companies_due(ctx, through)
    else:
        for company_id in companies:
            await ctx.records.get(COMPANIES, company_id)
    if body.preview:
        return await preview_of(ctx, companies, body)
    person = ctx.principal.id if ctx.principal.kind == "user" else None
    if body.finalise:
        ctx.require("billing.invoices.finalise")
    batch_id = await ctx.as_system().records.create(
        runs.BATCHES,
        {
            "through": through,
            "invoice_date": body.invoice_date or ctx.today,
            "finalise": body.finalise,
            "companies": len(set(companies)),
            "started_by": person,
        },
    )
    await runs.start(ctx, batch_id, sorted(set(companies)))
    return Record(runs.BATCHES, batch_id, status=202)


async def preview_of(ctx: Context, companies: Sequence[UUID], body: GenerateBatch) -> Answer:
    """Show what a run would write, for two hundred companies from the offset on."""
    wanted = sorted(set(companies))[body.offset :]
    outcomes = [
        await drafting.preview(ctx, scope_of(ctx, company_id, body)) for company_id in wanted[:MOST_PREVIEWED]
    ]
    return answer(outcomes, preview=True, more=max(0, len(wanted) - MOST_PREVIEWED))


@post("/billing-batches/{id:uuid}/resume", permission=GENERATE, returns="billing-batches")
async def resume(ctx: Context, id: UUID) -> Record:
    """Go on with a run: what failed or was left is tried again."""
    run = await ctx.records.get(runs.BATCHES, id, lock=True)
    if run["status"] == "cancelled":
        raise Conflict("The run was cancelled; start another.", code="batch_cancelled")
    await ctx.db.execute(
        "UPDATE billing.batch_item SET state = 'waiting', reason = '' WHERE batch = $1 AND state = 'failed'",
        id,
    )
    await ctx.as_system().records.update(runs.BATCHES, id, {"status": "running", "finished_at": None})
    await ctx.send(runs.work_off, batch_id=id)
    return Record(runs.BATCHES, id)


@post("/billing-batches/{id:uuid}/cancel", permission=GENERATE, returns="billing-batches")
async def cancel(ctx: Context, id: UUID) -> Record:
    """Stop a run; what it wrote stays."""
    run = await ctx.records.get(runs.BATCHES, id, lock=True)
    if run["status"] != "running":
        raise Conflict(f"The run is {run['status']}.", code="batch_over")
    await ctx.as_system().records.update(runs.BATCHES, id, {"status": "cancelled", "finished_at": ctx.now})
    return Record(runs.BATCHES, id)


ALL = (from_time_entries, from_contract, batch, resume, cancel)
