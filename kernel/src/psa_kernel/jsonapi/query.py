"""Queries: what the query string of a read may say, and what it was found to say."""

import re
from typing import Any, Literal

import msgspec

from psa_kernel.jsonapi.filters import OPERATORS
from psa_kernel.jsonapi.shape import Filter, Shape

DEFAULT_SIZE = 50
MAX_SIZE = 100
MAX_DEPTH = 3
"""How many relationships an include path may follow."""
MAX_SORTS = 5
SEARCH = "q"
ARCHIVED = ("false", "true", "any")
CUSTOM_OPERATORS = ("eq", "ne", "in", "contains", "starts", "null")
_CUSTOM = re.compile(r"custom_fields\.[a-z][a-z0-9_]{0,62}")

Mode = Literal["list", "linkage", "export", "one", "count", "none"]


class FilterUse(msgspec.Struct, frozen=True, order=True):
    """A filter as a request uses it; custom fields carry their key in `name`."""

    name: str
    operator: str


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """What a read asks for. `values` belong to `filters`, one each, in the same order."""

    fields: tuple[tuple[str, tuple[str, ...]], ...] = ()
    include: tuple[tuple[str, ...], ...] = ()
    included: bool = False
    """Whether the request has an `include` at all: then `included` is present, if only empty."""
    sort: tuple[tuple[str, bool], ...] = ()
    """Names of sort keys, each with whether it descends; the last one is unique."""
    filters: tuple[FilterUse, ...] = ()
    values: tuple[Any, ...] = ()
    archived: str = "false"
    size: int = DEFAULT_SIZE
    after: str = ""
    before: str = ""
    total: bool = False
    carried: str = ""
    """The parameters that page links repeat, percent-encoded, the cursors left out."""
    binding: str = ""
    """What cursors are bound to: sort and filters with their values."""


def lists_rows(mode: Mode) -> bool:
    """Tell whether a read gives rows in an order."""
    return mode in {"list", "linkage", "export"}


def filter_names(shape: Shape) -> list[str]:
    """Return everything a shape can be filtered by, as clients write it."""
    names = list(shape.filters)
    if shape.resource.search:
        names.append(SEARCH)
    if shape.resource.archive is not None:
        names.append("archived")
    if "custom_fields" in shape.attributes and shape.resource.custom_fields:
        names.append("custom_fields.<key>")
    return names


def filter_named(shape: Shape, name: str) -> Filter | None:
    """Return a declared filter, or the one of a custom field."""
    if _CUSTOM.fullmatch(name) and shape.resource.custom_fields and "custom_fields" in shape.attributes:
        key = name.removeprefix("custom_fields.")
        held = f"{shape.row}.custom_fields"
        if shape.portal:
            held = shape.attributes["custom_fields"].value.replace("{row}", shape.row)
        return Filter(name=name, kind="text", value=f"({held} ->> '{key}')")
    return shape.filters.get(name)


def operators_of(wanted: Filter) -> tuple[str, ...]:
    """Return the operators that a filter takes."""
    return CUSTOM_OPERATORS if wanted.name.startswith("custom_fields.") else OPERATORS[wanted.kind]
