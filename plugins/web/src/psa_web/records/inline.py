"""Inline edit: one field of a record, asked for where its value stands and saved alone."""

from typing import Any
from uuid import UUID

from psa_sdk.documents import Documents
from psa_sdk.errors import NotFound
from psa_web.here import Here
from psa_web.records.forms import form_data

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
    return {**data, "field": field}
