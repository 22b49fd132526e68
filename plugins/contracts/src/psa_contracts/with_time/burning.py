"""Approving work burns hours, taking the approval back returns them (CON-14, CON-17, TIME-30, TIME-35).

The events only say that something changed. What follows is computed from what is there, so that repeated, late and
crossing events all end alike.
"""

from collections.abc import Collection
from uuid import UUID

from psa_contracts import ledger
from psa_contracts.api import WorkSource
from psa_sdk import Context, RecordEvent, changes, on
from psa_time.api import ENTRIES, TimeApproved, TimeBilled, TimeReleased, TimeUnapproved

BURNED = "SELECT DISTINCT contract FROM contracts.hour_entry WHERE source_id = ANY($1::uuid[])"


async def follow(ctx: Context, entry_ids: Collection[UUID]) -> None:
    """Bring the hours of all contracts in line that entries are or were under."""
    system = ctx.as_system()
    contracts = set((await system.service(WorkSource).contracts_of(entry_ids)).values())
    contracts |= {row["contract"] for row in await system.db.fetch(BURNED, list(entry_ids))}
    for contract_id in sorted(contracts):
        await ledger.converge(system, contract_id)


@on(TimeApproved)
async def burn(ctx: Context, event: TimeApproved) -> None:
    """Let approved work burn hours."""
    await follow(ctx, event.entry_ids)


@on(TimeUnapproved)
async def give_back(ctx: Context, event: TimeUnapproved) -> None:
    """Return what a draft had burned."""
    await follow(ctx, event.entry_ids)


@on(TimeBilled)
async def hold(ctx: Context, event: TimeBilled) -> None:
    """Invoiced work keeps what it burned; what isn't invoiced is allocated around it."""
    await follow(ctx, event.entry_ids)


@on(TimeReleased)
async def let_go(ctx: Context, event: TimeReleased) -> None:
    """Work that was taken off an invoice is allocated with the rest again."""
    await follow(ctx, event.entry_ids)


@on(changes(ENTRIES, "updated", "deleted"))
async def follow_change(ctx: Context, event: RecordEvent) -> None:
    """Follow other changes of approved work, such as minutes that were settled per ticket."""
    if event.action == "deleted" or (event.has("billable_minutes") and not event.has("approval_status")):
        await follow(ctx, [event.id])


ALL = (burn, give_back, hold, let_go, follow_change)
