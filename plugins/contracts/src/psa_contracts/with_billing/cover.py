"""Which work contracts have paid for already (CON-12, CON-13, CON-17)."""

from collections.abc import Collection, Mapping
from decimal import Decimal
from uuid import UUID

from psa_billing.api import Cover
from psa_contracts import ledger
from psa_contracts.api import Work, WorkSource
from psa_contracts.charging import in_force
from psa_contracts.records import Agreement, Step, agreements
from psa_sdk import Context


class ContractCover:
    """Implements `psa_billing.api.WorkCover` with the hour ledger."""

    def __init__(self, ctx: Context) -> None:
        """Work within a unit of work."""
        self._ctx = ctx.as_system()

    async def covers(self, entry_ids: Collection[UUID]) -> Mapping[UUID, Cover]:
        """Return the covers of entries; their contracts' ledgers are brought in line and stay locked."""
        if not entry_ids or not self._ctx.provides(WorkSource):
            return {}
        wanted = set(entry_ids)
        contracts = set((await self._ctx.service(WorkSource).contracts_of(wanted)).values())
        found: dict[UUID, Cover] = {}
        for contract_id, agreement in sorted((await agreements(self._ctx, sorted(contracts))).items()):
            labour = agreement.row["labour"]
            if labour == "hours":
                found |= await self._from_hours(contract_id, wanted)
            elif labour == "included":
                found |= await self._included(agreement, wanted)
        return found

    async def _included(self, agreement: Agreement, wanted: set[UUID]) -> dict[UUID, Cover]:
        """The contract pays for all of the work."""
        work = await self._ctx.service(WorkSource).work(agreement.id, wanted)
        return {one.id: _cover(agreement, one, one.minutes) for one in work if one.id in wanted}

    async def _from_hours(self, contract_id: UUID, wanted: set[UUID]) -> dict[UUID, Cover]:
        """Hours pay for what they cover, the rest is overage."""
        outcome = await ledger.converge(self._ctx, contract_id)
        return {
            one.id: _cover(outcome.agreement, one, outcome.allocation.covered[one.id])
            for one in outcome.work
            if one.id in wanted
        }


def _cover(agreement: Agreement, work: Work, minutes: int) -> Cover:
    return Cover(
        contract_id=agreement.id,
        covered_minutes=minutes,
        label=agreement.row["name"],
        overage_rate=overage_rate(agreement, work),
        multiplied=agreement.row["overage_multiplied"],
    )


def overage_rate(agreement: Agreement, work: Work) -> Decimal | None:
    """Return the rate beyond the hours: that of the item for the type of work, else of one for all work."""
    found: list[tuple[bool, Decimal]] = []
    for item in agreement.items:
        step = in_force(item.revisions, work.date)
        applies = item.row["work_type"] in {None, work.work_type}
        if applies and isinstance(step, Step) and step.overage_rate is not None:
            found.append((item.row["work_type"] is None, step.overage_rate))
    return min(found, key=lambda pair: pair[0])[1] if found else None
