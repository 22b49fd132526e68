"""Filters: which operators a kind of value takes, and the SQL condition each becomes."""

from typing import Any

from psa_kernel.jsonapi.kinds import PG_TYPES, Kind, parse_value
from psa_kernel.jsonapi.shape import Filter

_ORDERED = ("eq", "ne", "in", "lt", "lte", "gt", "gte", "null")
OPERATORS: dict[Kind, tuple[str, ...]] = {
    "text": ("eq", "ne", "in", "contains", "starts", "null"),
    "choice": ("eq", "ne", "in", "null"),
    "integer": _ORDERED,
    "bigint": _ORDERED,
    "decimal": _ORDERED,
    "instant": _ORDERED,
    "date": _ORDERED,
    "boolean": ("eq", "ne", "null"),
    "uuid": ("eq", "ne", "in", "null"),
    "tags": ("eq", "in", "null"),
    "json": ("null",),
    "sealed": ("null",),
}
"""`eq` on tags means all of the listed ones, `in` any of them. `contains` and `starts` ignore case."""

_COMPARISONS = {"eq": "=", "ne": "IS DISTINCT FROM", "lt": "<", "lte": "<=", "gt": ">", "gte": ">="}
MAX_LISTED = 200
"""The most values of one `in`."""


def bound_value(wanted: Filter, operator: str, text: str) -> Any:
    """Return what to bind for a filter; raises `ValueError` with a sentence for the client."""
    if operator == "null":
        return parse_value("boolean", text)
    if operator == "in" or wanted.kind == "tags":
        kind: Kind = "text" if wanted.kind == "tags" else wanted.kind
        parts = [part for part in text.split(",") if part]
        if not parts:
            raise ValueError("at least one value is needed, several are separated by commas")
        if len(parts) > MAX_LISTED:
            raise ValueError(f"{len(parts)} values are too many; the most is {MAX_LISTED}")
        return [_chosen(wanted, parse_value(kind, part)) for part in parts]
    value = _chosen(wanted, parse_value(wanted.kind, text))
    if operator in {"contains", "starts"}:
        escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        return f"%{escaped}%" if operator == "contains" else f"{escaped}%"
    return value


def _chosen(wanted: Filter, value: Any) -> Any:
    if wanted.choices and value not in wanted.choices:
        raise ValueError(f"{value!r} is none of {', '.join(wanted.choices)}")
    return value


def condition(wanted: Filter, operator: str, number: int) -> str:
    """Return the SQL condition of a filter whose value is bound as `$number`."""
    bound = f"${number}"
    if operator == "null":
        test = f"(({wanted.scalar or wanted.value}) IS NULL) = {bound}::bool"
        return test if wanted.scalar else wanted.around.replace("{condition}", test)
    if operator == "ne" and wanted.scalar:
        return f"{wanted.scalar} IS DISTINCT FROM {bound}::{PG_TYPES[wanted.kind]}"
    return wanted.around.replace("{condition}", _plain(wanted, operator, bound))


def _plain(wanted: Filter, operator: str, bound: str) -> str:
    if wanted.kind == "tags":
        return f"{wanted.value} {'@>' if operator == 'eq' else '&&'} {bound}::text[]"
    kind = PG_TYPES[wanted.kind]
    if operator == "in":
        return f"{wanted.value} = ANY({bound}::{kind}[])"
    if operator in {"contains", "starts"}:
        return f"{wanted.value} ILIKE {bound}::text"
    return f"{wanted.value} {_COMPARISONS[operator]} {bound}::{kind}"
