"""The bridge between service levels and contracts."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec

from psa_sdk import Context, Extension, Manifest, RecordEvent, ToOne, changes, hookimpl, on, provide
from psa_sdk.tables import Index, Ref, TenantTable
from psa_sla.api import ContractPolicies, Covered, PolicyChanges

HELD = """
SELECT g.ticket, p.sla_policy
FROM jsonb_to_recordset($1::text::jsonb) AS g(ticket uuid, contract uuid, written boolean)
LEFT JOIN contracts.ticket_contract t ON t.ticket = g.ticket
JOIN sla.contract_policy p ON p.contract = CASE WHEN g.written THEN g.contract ELSE t.contract END
WHERE p.sla_policy IS NOT NULL"""


class ContractPolicy(TenantTable, schema="sla", tablename="contract_policy"):
    """The policy that a contract promises."""

    contract = Ref("contracts", on_delete="cascade")
    sla_policy = Ref("sla-policies", null=True, on_delete="set_null")

    index_on = (Index(("contract",), unique=True), Index(("sla_policy",)))


class ContractPolicyShape(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a contract has more: its policy, a relationship."""


contract_policy = Extension(
    resource="contracts",
    table=ContractPolicy,
    column=ContractPolicy.contract,
    read=ContractPolicyShape,
    write=ContractPolicyShape,
    relations=(ToOne("sla_policy", "sla-policies", ContractPolicy.sla_policy),),
    filters=(ContractPolicy.sla_policy,),
)


class StoredContractPolicies:
    """Implements `psa_sla.api.ContractPolicies`."""

    def __init__(self, ctx: Context) -> None:
        """Work within a unit of work."""
        self._ctx = ctx

    async def policies(self, tickets: Sequence[Covered]) -> Mapping[UUID, UUID]:
        """Return policies by ticket: of the contract that is being written, else the ticket's."""
        asked = [
            {"ticket": one.ticket_id, "contract": one.contract_id, "written": one.contract_written}
            for one in tickets
        ]
        rows = await self._ctx.db.fetch(HELD, msgspec.json.encode(asked).decode())
        return {row["ticket"]: row["sla_policy"] for row in rows}


@on(changes("contracts", "updated"))
async def follow_contract(ctx: Context, event: RecordEvent) -> None:
    """Have the tickets of a client looked at again whose contract promises something else."""
    if event.has("sla_policy") and ctx.provides(PolicyChanges):
        contract = await ctx.records.get("contracts", event.id)
        await ctx.service(PolicyChanges).company_changed(contract["company"])


@hookimpl
def psa_manifest() -> Manifest:
    """Return the table of contents."""
    return Manifest(
        name="sla.contracts",
        title="Service levels of contracts",
        description="What a ticket's contract promises.",
        requires=("sla", "contracts"),
        enhances=("contracts.ticketing",),
        tables=(ContractPolicy,),
        extensions=(contract_policy,),
        subscribers=(follow_contract,),
        services=(provide(ContractPolicies, StoredContractPolicies),),
    )
