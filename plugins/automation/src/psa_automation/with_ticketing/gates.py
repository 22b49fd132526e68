"""Close gates: what people must have done before a ticket ends; what closes by itself is let through, audited (TIC-07)."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from psa_sdk import Change, Context, before
from psa_sdk.documents import Documents
from psa_sdk.errors import Fault, Invalid
from psa_ticketing.api import TICKETS

OVERRIDE = "automation.close_gates.override"
GATES = """
SELECT g.required_fields, g.needs_time, g.needs_resolution, g.needs_checklist FROM automation.close_gate g
WHERE g.is_active AND (g.queue IS NULL OR g.queue = $1)"""
PEOPLE = frozenset(("user", "api_key"))
ENDINGS = frozenset(("resolved", "closed"))


async def write_gate(ctx: Context, change: Change) -> None:
    """Required fields must exist."""
    described = ctx.as_system().service(Documents).describe(TICKETS)
    custom = {f"custom_fields.{field.key}" for field in await ctx.service(Documents).custom_fields(TICKETS)}
    one = {name for name, facts in described.relations.items() if not facts.many}
    known = described.attributes.keys() | one | custom
    unknown = sorted(set(change.value("required_fields") or ()) - known)
    if unknown:
        raise Invalid(
            f"Tickets have no {', '.join(unknown)}.",
            code="unknown_field",
            pointer="/data/attributes/required_fields",
        )


def lacking(
    gates: Sequence[Mapping[str, Any]], values: Mapping[str, Any], has_resolution: bool
) -> list[Fault]:
    """Return everything that a ticket lacks.

    Example:
        >>> gate = {"required_fields": ["category"], "needs_time": True, "needs_resolution": False, "needs_checklist": False}
        >>> [fault.code for fault in lacking([gate], {"category": None, "actual_minutes": 0}, False)]
        ['required_field', 'time_required']
    """
    required = sorted({field for gate in gates for field in gate["required_fields"]})
    faults = [
        Fault(
            detail=f"Fill in {field.rpartition('.')[2].replace('_', ' ')} before closing the ticket.",
            code="required_field",
            pointer=f"/data/attributes/{field.replace('.', '/')}",
        )
        for field in required
        if values.get(field) in (None, "", [], {})
    ]
    if any(gate["needs_time"] for gate in gates) and not values.get("actual_minutes"):
        faults.append(Fault(detail="Log the time it took before closing the ticket.", code="time_required"))
    if any(gate["needs_resolution"] for gate in gates) and not has_resolution:
        faults.append(
            Fault(detail="Write a resolution note before closing the ticket.", code="resolution_required")
        )
    waiting = (values.get("checklist_total") or 0) - (values.get("checklist_done") or 0)
    if any(gate["needs_checklist"] for gate in gates) and waiting:
        faults.append(
            Fault(
                detail=f"{waiting} items of the checklist are open; finish them first.", code="checklist_open"
            )
        )
    return faults


@before(TICKETS, "update")
async def guard_end(ctx: Context, change: Change) -> None:
    """Hold back people who end a ticket that lacks something; tell all of it."""
    if not change.changes("status"):
        return
    change.new["status_since"] = ctx.now
    before_it, after_it = (
        await _category(ctx, change.old["status"]),
        await _category(ctx, change.new["status"]),
    )
    if after_it not in ENDINGS or before_it in ENDINGS:
        return
    gates = await ctx.db.fetch(GATES, change.value("queue"))
    if not gates:
        return
    faults = lacking(gates, await _values(ctx, change), await _has_resolution(ctx, change.id))
    if not faults:
        return
    if ctx.principal.kind in PEOPLE and not ctx.principal.allows(OVERRIDE):
        raise Invalid(faults=faults)
    await ctx.audit(
        "close_gate_passed",
        TICKETS,
        change.id,
        lacking=[fault.detail for fault in faults],
        by=ctx.principal.kind,
    )


async def _category(ctx: Context, status: UUID) -> str:
    return (await ctx.as_system().records.get("ticket-statuses", status))["category"]


async def _values(ctx: Context, change: Change) -> dict[str, Any]:
    """Return a ticket's values as they will be."""
    [item] = (await ctx.as_system().service(Documents).one(TICKETS, change.id)).items
    custom: dict[str, Any] = change.new.get("custom_fields", item.attributes.get("custom_fields")) or {}
    return {
        **item.attributes,
        **{name: held[1] if held else None for name, held in item.one.items()},
        **change.new,
        **{f"custom_fields.{key}": value for key, value in custom.items()},
    }


async def _has_resolution(ctx: Context, id: UUID) -> bool:
    query = {"filter[note_type]": "resolution", "page[size]": "1", "fields[comments]": "note_type"}
    return bool((await ctx.as_system().service(Documents).related(TICKETS, id, "notes", query)).items)


@before(TICKETS, "create")
async def stamp_start(ctx: Context, change: Change) -> None:
    """A new ticket has its status from now on."""
    change.new["status_since"] = ctx.now
