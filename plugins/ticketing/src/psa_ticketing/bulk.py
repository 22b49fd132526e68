"""The same change on many tickets, reported per ticket (TIC-63)."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from psa_sdk import Answer, Context, post
from psa_sdk.errors import Invalid, Problem
from psa_ticketing.api import TICKETS


class BulkChange(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Up to 500 tickets and what to set on each; what is left out stays."""

    ids: Annotated[list[UUID], Meta(min_length=1, max_length=500)]
    status: UUID | UnsetType = UNSET
    priority: UUID | UnsetType = UNSET
    queue: UUID | UnsetType = UNSET
    ticket_type: UUID | UnsetType = UNSET
    assigned_to: UUID | UnsetType | None = UNSET
    team: UUID | UnsetType | None = UNSET
    add_tags: list[Annotated[str, Meta(min_length=1, max_length=50)]] = []


class BulkResult(msgspec.Struct):
    """How many changed, and why the others did not."""

    changed: int
    failed: list[dict[str, Any]]


@post("/tickets/bulk", permission="ticketing.tickets.update", returns=BulkResult, answer_type="bulk-results")
async def bulk_change(ctx: Context, body: BulkChange) -> Answer:
    """Change many tickets; each stands for itself, one failing stops no other."""
    columns = ("status", "priority", "queue", "ticket_type", "assigned_to", "team")
    values = {name: getattr(body, name) for name in columns if getattr(body, name) is not UNSET}
    if not values and not body.add_tags:
        raise Invalid(
            "Name at least one thing to change.", code="nothing_to_change", pointer="/data/attributes"
        )
    changed, failed = 0, []
    for ticket_id in dict.fromkeys(body.ids):
        try:
            async with ctx.savepoint():
                await ctx.records.update(
                    TICKETS, ticket_id, await _with_tags(ctx, ticket_id, values, body.add_tags)
                )
            changed += 1
        except Problem as problem:
            fault = problem.faults[0]
            failed.append({"id": str(ticket_id), "code": fault.code or problem.code, "detail": fault.detail})
    return Answer(type="bulk-results", attributes=BulkResult(changed=changed, failed=failed))


async def _with_tags(
    ctx: Context, ticket_id: UUID, values: dict[str, Any], tags: list[str]
) -> dict[str, Any]:
    if not tags:
        return values
    ticket = await ctx.records.get(TICKETS, ticket_id, lock=True)
    return {**values, "tags": [*ticket["tags"], *(tag for tag in tags if tag not in ticket["tags"])]}


ALL = (bulk_change,)
