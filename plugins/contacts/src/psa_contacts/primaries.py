"""Exactly one primary contact and site per company that has any (CRM-06)."""

from typing import Any
from uuid import UUID

from psa_contacts.tables import Contact, Site
from psa_sdk import Change, Context
from psa_sdk.errors import Conflict
from psa_sdk.tables import And

TABLES = {"contacts": Contact, "sites": Site}


def is_gone(change: Change) -> bool:
    """Tell whether the record is archived or deleted after the write."""
    return change.verb == "delete" or (
        change.resource == "contacts" and change.value("archived_at") is not None
    )


async def settle_primary(ctx: Context, change: Change) -> None:
    """Decide whether a record is its company's primary one; parallel requests take turns.

    The first one becomes it by itself. Who arrives from elsewhere takes the place only when the request says so,
    and the place can be handed on but not given up.
    """
    company = change.value("company")
    if company is None or is_gone(change):
        change.new["is_primary"] = False
        return
    arrives = change.verb == "create" or change.changes("company") or _returns(change)
    if not arrives and not change.changes("is_primary"):
        return
    joins = arrives and not change.new.get("is_primary")
    if joins and await primaries(ctx, change.resource, company, but=change.id):
        # The usual case of many: no turn to wait for.
        change.new["is_primary"] = False
        return
    await ctx.db.lock("contacts.primary", change.resource, company)
    others = await primaries(ctx, change.resource, company, but=change.id)
    if joins:
        change.new["is_primary"] = not others
    elif change.value("is_primary"):
        for row in others:
            await ctx.as_system().records.update(change.resource, row["id"], {"is_primary": False})
    elif ctx.principal.kind != "system":
        raise Conflict(
            "A company always has a primary one; mark another instead of unmarking this one.",
            code="primary_required",
            pointer="/data/attributes/is_primary",
        )


async def promote_oldest(ctx: Context, change: Change) -> None:
    """Give the company that a primary contact or site has left the next oldest one."""
    company = change.old.get("company")
    if not change.old.get("is_primary") or company is None:
        return
    if not is_gone(change) and change.value("company") == company:
        return
    await promote(ctx, change.resource, company)


async def promote(ctx: Context, resource: str, company: UUID) -> None:
    """Make the oldest contact or site of a company the primary one, if there is none."""
    await ctx.db.lock("contacts.primary", resource, company)
    if await primaries(ctx, resource, company):
        return
    rest = await ctx.records.find(resource, TABLES[resource].company == company, order="created_at", limit=1)
    if rest:
        await ctx.as_system().records.update(resource, rest[0]["id"], {"is_primary": True})


async def primaries(ctx: Context, resource: str, company: Any, *, but: UUID | None = None) -> list[Any]:
    """Return the active primary contact or site of a company, unless it is `but`."""
    table = TABLES[resource]
    found = await ctx.as_system().records.find(
        resource, And(table.company == company, table.is_primary.eq(True))
    )
    return [row for row in found if row["id"] != but]


def _returns(change: Change) -> bool:
    return change.resource == "contacts" and change.changes("archived_at")
