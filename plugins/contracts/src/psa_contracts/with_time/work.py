"""Approved work as the hour ledger takes it."""

import datetime
from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from psa_contracts.api import Stretch, Work
from psa_sdk import Context
from psa_time.api import TimeLedger


class ApprovedWork:
    """Implements `psa_contracts.api.WorkSource` with time entries."""

    def __init__(self, ctx: Context) -> None:
        """Work within a unit of work."""
        self._ledger = ctx.service(TimeLedger)

    async def work(self, contract_id: UUID, known: Collection[UUID]) -> Sequence[Work]:
        """Return what isn't invoiced of a contract's approved work, and of `known` what still is its."""
        return [
            Work(
                id=entry.id,
                date=entry.date,
                started_at=entry.started_at,
                work_type=entry.work_type_id,
                stretches=[Stretch(part.minutes, part.multiplier) for part in entry.segments],
                locked=entry.is_billed,
            )
            for entry in await self._ledger.of_contract(contract_id, known)
        ]

    async def contracts_of(self, entry_ids: Collection[UUID]) -> Mapping[UUID, UUID]:
        """Return the contracts of time entries."""
        return await self._ledger.contracts_of(entry_ids)

    async def unapproved(self, contract_ids: Collection[UUID], through: datetime.date) -> Mapping[UUID, int]:
        """Return how many billable entries up to a date wait for approval, by contract."""
        return await self._ledger.unapproved(contract_ids, through)
