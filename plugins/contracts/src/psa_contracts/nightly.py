"""What happens to contracts by the clock: renewal, ends, warnings, counts, hours (CON-06, CON-09, CON-10, CON-11)."""

from uuid import UUID

from psa_contracts import amounts, ledger, lifecycle, quantities
from psa_contracts.api import CONTRACTS, ContractExpiring
from psa_contracts.records import agreement, renews
from psa_contracts.renewal import warnings_due
from psa_sdk import Context, actor, every

ACTIVE = "SELECT id FROM contracts.contract WHERE status = 'active' ORDER BY id"
SENT = "SELECT threshold FROM contracts.alert WHERE contract = $1 AND kind = 'expiry' AND occasion = $2"
NOTE = """
INSERT INTO contracts.alert (contract, kind, occasion, threshold)
SELECT $1, 'expiry', $2, t FROM unnest($3::int[]) AS r(t)
ON CONFLICT (tenant_id, contract, kind, occasion, threshold) DO NOTHING"""


@actor(queue="bulk")
async def tend(ctx: Context, *, contract_id: UUID) -> None:
    """Look after one contract, as of today; twice does no harm."""
    await lifecycle.end_if_over(ctx, contract_id)
    found = await agreement(ctx, contract_id)
    await warn(ctx, contract_id)
    for item in found.items:
        if item.row["counter"] is not None and item.row["counter"] in quantities.counters(ctx):
            await quantities.note(ctx, found, item)
    await amounts.refresh(ctx, contract_id)
    await ledger.converge(ctx, contract_id)


async def warn(ctx: Context, contract_id: UUID) -> None:
    """Tell once that a contract ends in 90, 60, 30 and 7 days; what was missed is told by the nearest."""
    contract = await ctx.records.get(CONTRACTS, contract_id)
    end = contract["end_date"]
    if contract["status"] != "active" or end is None:
        return
    sent = [row["threshold"] for row in await ctx.db.fetch(SENT, contract_id, str(end))]
    days = warnings_due(end, ctx.today, sent)
    if days:
        await ctx.db.execute(NOTE, contract_id, str(end), days)
        await ctx.emit(
            ContractExpiring(
                contract_id=contract_id,
                company_id=contract["company"],
                ends_on=end,
                days=min(days),
                renews=renews(contract),
            )
        )


@actor(queue="bulk", time_limit=600)
async def tend_all(ctx: Context) -> None:
    """Have every contract in force looked after."""
    for row in await ctx.db.fetch(ACTIVE):
        await ctx.send(tend, contract_id=row["id"])


@actor(queue="bulk")
async def prove(ctx: Context) -> None:
    """Prove that every balance of hours is the sum of its ledger; fails aloud where one is not (CON-11)."""
    wrong = await ledger.disagreements(ctx)
    if wrong:
        named = ", ".join(str(row["id"]) for row in wrong[:10])
        raise RuntimeError(f"{len(wrong)} hour grants disagree with their ledger: {named}.")
    await ctx.audit("hour_balances_proved", CONTRACTS)


SCHEDULES = (every("10 0 * * *", tend_all), every("40 1 * * *", prove))
ACTORS = (tend, tend_all, prove)
