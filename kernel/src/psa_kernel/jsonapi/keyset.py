"""Keyset pagination in SQL: the order of a list and the condition "behind this row"."""

from collections.abc import Sequence

import msgspec

from psa_kernel.jsonapi.kinds import PG_TYPES
from psa_kernel.jsonapi.shape import SortKey


class Ordered(msgspec.Struct, frozen=True):
    """A sort key with its direction. Empty values come last in both directions."""

    key: SortKey
    descends: bool


def order_by(keys: Sequence[tuple[str, Ordered]], *, backwards: bool = False) -> str:
    """Return the ORDER BY list of keys, each given with its SQL value.

    NOT NULL keys go without a NULLS clause, which would keep PostgreSQL from reading an index backwards.
    """
    parts: list[str] = []
    for value, ordered in keys:
        descends = ordered.descends != backwards
        nulls = ""
        if ordered.key.nullable and ordered.descends:
            nulls = " NULLS FIRST" if backwards else " NULLS LAST"
        parts.append(f"{value} {'DESC' if descends else 'ASC'}{nulls}")
    return ", ".join(parts)


def behind(
    keys: Sequence[tuple[str, Ordered]], empty: Sequence[bool], start: int, *, backwards: bool = False
) -> str:
    """Return the condition for rows behind a cursor (before it when `backwards`).

    The cursor's values that are not empty are bound from `$start` on, in order.
    """
    bound: list[str] = []
    number = start
    for (_, ordered), missing in zip(keys, empty, strict=True):
        bound.append("" if missing else f"${number}::{PG_TYPES[ordered.key.kind]}")
        number += not missing
    directions = {ordered.descends != backwards for _, ordered in keys}
    if len(directions) == 1 and not any(ordered.key.nullable for _, ordered in keys):
        sign = "<" if directions.pop() else ">"
        return f"({', '.join(value for value, _ in keys)}) {sign} ({', '.join(bound)})"
    choices: list[str] = []
    equal: list[str] = []
    for (value, ordered), to in zip(keys, bound, strict=True):
        beyond = _beyond(value, ordered, to, backwards)
        if beyond:
            choices.append(" AND ".join([*equal, beyond]))
        equal.append(f"{value} = {to}" if to else f"{value} IS NULL")
    condition = f"({' OR '.join(f'({choice})' for choice in choices)})" if choices else "false"
    first, ordered = keys[0]
    if not ordered.key.nullable:
        # The first key's bound alone is an index condition; the rest filters within it.
        sign = "<=" if ordered.descends != backwards else ">="
        condition = f"{first} {sign} {bound[0]} AND {condition}"
    return condition


def _beyond(value: str, ordered: Ordered, bound: str, backwards: bool) -> str:
    """Return the condition that one key lies strictly behind; empty when nothing can."""
    sign = "<" if ordered.descends != backwards else ">"
    if not bound:
        return f"{value} IS NOT NULL" if backwards else ""
    if ordered.key.nullable and not backwards:
        return f"({value} {sign} {bound} OR {value} IS NULL)"
    return f"{value} {sign} {bound}"
