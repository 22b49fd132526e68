"""Inline edit: one field of a record, asked for where its value stands and saved alone."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from msgspec import json

from psa_sdk.documents import Documents
from psa_sdk.errors import NotFound, Stale
from psa_web.fields import shown
from psa_web.here import Here, bound
from psa_web.records.forms import form_data, save

_ALONE = frozenset(
    (
        "text",
        "long",
        "number",
        "decimal",
        "switch",
        "choice",
        "date",
        "instant",
        "url",
        "email",
        "record",
        "tags",
    )
)


async def field_data(place: Here, resource: str, id: UUID, name: str) -> dict[str, Any]:
    """Return what the form of one field shows; raises `NotFound` for one that can't be changed alone."""
    facts = place.ctx.service(Documents).describe(resource)
    data = await form_data(place, resource, id, {}, None)
    field = next((one for one in data["parts"].all if one.name == name), None)
    if field is None or field.control not in _ALONE or "update" not in facts.verbs:
        raise NotFound(f"{name} of {resource} can't be changed by itself.")
    with bound(place):
        held = shown(field, data["values"])
    was = json.encode([held, [option.value for option in data["picked"].get(name, ())]]).decode()
    return {**data, "field": field, "was": was}


async def set_field(
    place: Here, resource: str, id: UUID, name: str, form: Mapping[str, Sequence[Any]]
) -> None:
    """Save one field; raises `Stale` when it holds something else than its sender saw, whatever else changed."""
    await place.ctx.records.get(resource, id, lock=True)
    data = await field_data(place, resource, id, name)
    if next(iter(form.get("was", ())), "") != data["was"]:
        raise Stale("Somebody else has changed this meanwhile; look at it again.")
    await save(place, resource, id, form)
