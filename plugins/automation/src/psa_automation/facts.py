"""A record's values as conditions and placeholders see them, read in one statement."""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from psa_sdk import Context
from psa_sdk.documents import Documents, Found, Item
from psa_sdk.errors import NotFound

MOST = 100
"""Records of one page."""
CUSTOM = "custom_fields"


def flat(item: Item, found: Found) -> dict[str, Any]:
    """Return a record's values by path, those of included neighbours with their relationship's name in front."""
    values = _own(item, "")
    for name, held in item.one.items():
        neighbour = found.included.get(held) if held is not None else None
        if neighbour is not None:
            values.update(_own(neighbour, f"{name}."))
    return values


def _own(item: Item, prefix: str) -> dict[str, Any]:
    values = {f"{prefix}{name}": value for name, value in item.attributes.items() if name != CUSTOM}
    for name, held in item.one.items():
        values[f"{prefix}{name}"] = str(held[1]) if held is not None else None
    custom: Mapping[str, Any] = item.attributes.get(CUSTOM) or {}
    values.update({f"{prefix}{CUSTOM}.{key}": value for key, value in custom.items()})
    values[f"{prefix}id"] = str(item.id)
    return values


async def load(ctx: Context, resource: str, id: UUID, relations: Collection[str]) -> dict[str, Any] | None:
    """Return a record's values with those of some neighbours; None when it is gone."""
    try:
        found = await ctx.service(Documents).one(resource, id, include=",".join(sorted(relations)))
    except NotFound:
        return None
    return flat(found.items[0], found)


async def page(
    ctx: Context, resource: str, query: Mapping[str, str], relations: Collection[str]
) -> tuple[dict[UUID, dict[str, Any]], str]:
    """Return a page of records' values by id, and the cursor of the next one, empty at the end."""
    asked = {**query, **({"include": ",".join(sorted(relations))} if relations else {})}
    found = await ctx.service(Documents).find(resource, asked)
    return {item.id: flat(item, found) for item in found.items}, found.next
