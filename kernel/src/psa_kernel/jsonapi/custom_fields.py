"""Custom fields: values that tenants define per resource, validated on write (CRM-11).

Definitions are rows of `psa.custom_field`; they are read in the statement that checks references, so a
changed definition holds at once in every process.
"""

import datetime
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from psa_kernel.jsonapi.findings import Findings, escape

TEXT_LENGTH = 10_000
"""Characters that a text field holds at most."""
POINTER = "/data/attributes/custom_fields"
ALWAYS = "always"
"""The `required_on` of a field that every write must leave filled."""
_URL = re.compile(r"https?://\S+", re.IGNORECASE)
DEFINITIONS = (
    "(SELECT jsonb_agg(jsonb_build_object('key', f.key, 'label', f.label, 'kind', f.kind, 'options', f.options, 'required',"
    " f.required, 'required_on', f.required_on, 'is_unique', f.is_unique, 'portal_visible', f.portal_visible))"
    " FROM psa.custom_field f WHERE f.tenant_id = psa.current_tenant() AND f.resource = {}"
    " AND f.archived_at IS NULL)::text"
)
"""SQL of a resource's definitions, for `decode`; `{}` is the resource's name."""


class Option(msgspec.Struct, frozen=True):
    """A choice of a select field; values hold the id."""

    id: str
    label: str = ""


class Definition(msgspec.Struct, frozen=True, kw_only=True):
    """A field that a tenant has added to a resource."""

    key: str
    label: str = ""
    kind: str = "text"
    options: list[Option] | None = None
    required: bool = False
    required_on: str | None = None
    is_unique: bool = False
    portal_visible: bool = False

    @property
    def target(self) -> str:
        """The resource that a value names, empty for plain values."""
        return {"user": "users", "company": "companies"}.get(self.kind, "")


def decode(text: str | None) -> tuple[Definition, ...]:
    """Return the definitions that `DEFINITIONS` selected."""
    return msgspec.json.decode(text, type=tuple[Definition, ...]) if text else ()


def validate(
    definitions: Sequence[Definition],
    values: Mapping[str, Any],
    findings: Findings,
    *,
    stored: Mapping[str, Any] | None = None,
    pointer: str = POINTER,
) -> dict[str, Any]:
    """Return what is stored after `values` are written over `stored` (None: a new or replaced record).

    Null removes a value. Values of removed definitions stay untouched. Every fault is noted.

    Example:
        >>> found = Findings()
        >>> fields = [Definition(key="rack", kind="number"), Definition(key="room", required=True)]
        >>> validate(fields, {"rack": None}, found, stored={"rack": 4, "room": "B1"})
        {'room': 'B1'}
        >>> bool(found)
        False
    """
    known = {definition.key: definition for definition in definitions}
    after = dict(stored or {})
    for key, value in values.items():
        place = f"{pointer}/{escape(key)}"
        definition = known.get(key)
        if definition is None:
            findings.add(f"There is no custom field “{key}”.", pointer=place, code="unknown_attribute")
        elif value is None:
            after.pop(key, None)
        elif fault := _fault(definition, value):
            findings.add(fault, pointer=place)
        else:
            after[key] = value
    for definition in definitions:
        touched = stored is None or definition.key in values or definition.required_on == ALWAYS
        needed = definition.required or definition.required_on == ALWAYS
        place = f"{pointer}/{escape(definition.key)}"
        if needed and touched and after.get(definition.key) in (None, "", []) and not findings.has(place):
            findings.add(f"“{definition.key}” is required.", pointer=place, code="required")
    return after


def missing(definitions: Sequence[Definition], values: Mapping[str, Any], state: str) -> list[str]:
    """Return the keys that a state requires and that are empty.

    Example:
        >>> missing([Definition(key="cause", required_on="close")], {}, "close")
        ['cause']
    """
    return [
        definition.key
        for definition in definitions
        if definition.required_on in (state, ALWAYS) and values.get(definition.key) in (None, "", [])
    ]


def _fault(definition: Definition, value: Any) -> str:
    match definition.kind:
        case "number":
            finite = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
            return "" if finite else "It must be a number."
        case "boolean":
            return "" if isinstance(value, bool) else "It must be true or false."
        case "multi_select":
            return _selection_fault(definition, value)
        case _ if not isinstance(value, str):
            return "It must be text."
        case "date":
            return "" if _is_date(value) else "It must be a date such as 2026-03-31."
        case "select":
            return "" if value in _ids(definition) else f"It must be one of {', '.join(_ids(definition))}."
        case "url":
            return (
                "" if _URL.fullmatch(value) else "It must be an address that starts with http:// or https://."
            )
        case "user" | "company":
            return "" if _is_uuid(value) else f"It must be the id of a {definition.kind}."
        case _:
            return "" if len(value) <= TEXT_LENGTH else f"It must have at most {TEXT_LENGTH} characters."


def _selection_fault(definition: Definition, value: Any) -> str:
    ids = _ids(definition)
    if not isinstance(value, list) or any(item not in ids for item in value):
        return f"It must be a list of {', '.join(ids)}."
    return "" if len(set(value)) == len(value) else "Every choice can be made once."


def _ids(definition: Definition) -> list[str]:
    return [option.id for option in definition.options or ()]


def _is_date(text: str) -> bool:
    try:
        return datetime.date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
