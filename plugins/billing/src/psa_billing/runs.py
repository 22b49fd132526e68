"""Billing runs over many companies: a job each few, every company in a savepoint, progress as it goes (BILL-27).

What is done is committed with its item, so a run that is killed goes on where it was. A company's failure is its own.
"""

from uuid import UUID

import structlog

from psa_billing import drafting
from psa_billing.api import BatchFinished
from psa_billing.api_sources import BillingScope
from psa_billing.engine.money import total
from psa_billing.finalising import finalise
from psa_sdk import Context, actor
from psa_sdk.errors import Problem

_log = structlog.get_logger(__name__)
BATCHES = "billing-batches"
AT_ONCE = 10
"""Companies of one job, which is one transaction."""
ADD = """
INSERT INTO billing.batch_item (batch, company) SELECT $1, c.id FROM unnest($2::uuid[]) AS c(id)
ON CONFLICT DO NOTHING"""
TAKE = """
SELECT id, company FROM billing.batch_item WHERE batch = $1 AND state = 'waiting'
ORDER BY company LIMIT $2 FOR UPDATE SKIP LOCKED"""
DONE = """
UPDATE billing.batch_item SET state = $2, reason = $3, invoices = $4, amount = $5, currency = $6,
    updated_at = $7, version = version + 1 WHERE id = $1"""
COUNTS = """
SELECT count(*) FILTER (WHERE state <> 'waiting')::int AS done, count(*) FILTER (WHERE state = 'created')::int AS created,
    count(*) FILTER (WHERE state = 'skipped')::int AS skipped, count(*) FILTER (WHERE state = 'failed')::int AS failed,
    count(*) FILTER (WHERE state = 'waiting')::int AS waiting
FROM billing.batch_item WHERE batch = $1"""


async def start(ctx: Context, batch_id: UUID, companies: list[UUID]) -> None:
    """Note what is to be done, and begin."""
    await ctx.db.execute(ADD, batch_id, companies)
    await ctx.send(work_off, batch_id=batch_id)


@actor(queue="bulk", time_limit=600)
async def work_off(ctx: Context, *, batch_id: UUID) -> None:
    """Bill some of the companies that wait, then send for the rest."""
    batch = await ctx.records.get(BATCHES, batch_id, lock=True)
    if batch["status"] != "running":
        return
    for item in await ctx.db.fetch(TAKE, batch_id, AT_ONCE):
        scope = BillingScope(
            company_id=item["company"], through=batch["through"], invoice_date=batch["invoice_date"]
        )
        state, reason, outcome = await _bill(ctx, scope, batch_id, finalised=batch["finalise"])
        drafts = outcome.drafts if outcome else ()
        currencies = {one.currency for one in drafts}
        await ctx.db.execute(
            DONE,
            item["id"],
            state,
            reason,
            len(drafts),
            total(one.total for one in drafts) if len(currencies) == 1 else 0,
            currencies.pop() if len(currencies) == 1 else "",
            ctx.now,
        )
    counts = dict(await ctx.db.fetch_one(COUNTS, batch_id) or {})
    waiting = counts.pop("waiting")
    over = {} if waiting else {"status": "finished", "finished_at": ctx.now}
    await ctx.records.update(BATCHES, batch_id, counts | over)
    if waiting:
        await ctx.send(work_off, batch_id=batch_id)
        return
    await ctx.emit(
        BatchFinished(
            batch_id=batch_id,
            through=batch["through"],
            created=counts["created"],
            skipped=counts["skipped"],
            failed=counts["failed"],
        )
    )


async def _bill(
    ctx: Context, scope: BillingScope, batch_id: UUID, *, finalised: bool
) -> tuple[str, str, drafting.Outcome | None]:
    """Bill one company; what it may not do is told as its reason."""
    try:
        async with ctx.savepoint():
            outcome = await drafting.draft(ctx, scope, drafting.Wanted(batch_id=batch_id))
            if finalised:
                for one in outcome.drafts:
                    await finalise(ctx, one.id)
    except Problem as problem:
        return "failed", str(problem)[:500], None
    except Exception as error:  # noqa: BLE001 - whatever fails for one company, others are billed
        _log.exception("billing a company failed", company=str(scope.company_id))
        return "failed", f"An internal failure ({type(error).__name__}); the log has it.", None
    reason = " ".join(outcome.reasons)
    if outcome.drafts:
        return "created", reason, outcome
    return "skipped", reason or "There is nothing to bill.", outcome


ACTORS = (work_off,)
