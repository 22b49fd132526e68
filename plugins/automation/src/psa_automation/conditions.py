"""Conditions: tests of fields, nested with all, any and not; read once, evaluated without any I/O.

As JSON: `{"all": [{"field": "status.category", "operator": "is", "value": "open"}, {"not": {"any": [...]}}]}`; an
empty object holds always.
"""

import datetime
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

import msgspec

from psa_automation.operators import EDGES, Edge, FieldKind, crossed, holds, operand, wants
from psa_sdk.errors import Fault

MOST_TESTS = 100
DEEPEST = 8


class Test(msgspec.Struct, frozen=True, kw_only=True):
    """One question to one field."""

    __test__ = False
    field: str
    kind: FieldKind
    operator: str
    operand: Any = None


class AllOf(msgspec.Struct, frozen=True):
    """Holds when all parts do; without parts, always."""

    parts: tuple["Condition", ...] = ()


class AnyOf(msgspec.Struct, frozen=True):
    """Holds when one part does; without parts, never."""

    parts: tuple["Condition", ...] = ()


class Not(msgspec.Struct, frozen=True):
    """Holds when its part doesn't."""

    part: "Condition"


Condition: TypeAlias = Test | AllOf | AnyOf | Not


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """What a condition is asked about: a record's values by path, what an update changed, and when."""

    values: Mapping[str, Any]
    now: datetime.datetime
    changes: Mapping[str, Edge] = {}


def matches(condition: Condition, moment: Moment) -> bool:
    """Tell whether a condition holds; raises `TimeoutError` for a regular expression without end."""
    match condition:
        case Test(field=field, kind=kind, operator=operator, operand=wanted):
            if operator in EDGES:
                return crossed(kind, operator, wanted, moment.changes.get(field))
            return holds(kind, operator, wanted, moment.values.get(field), moment.now)
        case AllOf(parts):
            return all(matches(part, moment) for part in parts)
        case AnyOf(parts):
            return any(matches(part, moment) for part in parts)
        case Not(part):
            return not matches(part, moment)


def tests(condition: Condition) -> Iterator[Test]:
    """Iterate over all tests of a condition."""
    match condition:
        case Test():
            yield condition
        case Not(part):
            yield from tests(part)
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from tests(part)


def has_edges(condition: Condition) -> bool:
    """Tell whether a condition asks what an update changed."""
    return any(test.operator in EDGES for test in tests(condition))


class Reading(msgspec.Struct, frozen=True):
    """A document read as a condition, with everything that is wrong in it."""

    condition: Condition
    faults: list[Fault]


def read(document: Any, fields: Mapping[str, FieldKind], *, pointer: str = "") -> Reading:
    """Read a condition's document; `fields` are the kinds of the fields that may be asked.

    Example:
        >>> read({"field": "colour", "operator": "is", "value": "red"}, {}).faults[0].detail
        'There is no field colour.'
    """
    reader = _Reader(fields)
    condition = reader.node(document, pointer, 1)
    return Reading(condition, reader.faults)


class _Reader:
    def __init__(self, fields: Mapping[str, FieldKind]) -> None:
        self.fields = fields
        self.faults: list[Fault] = []
        self.count = 0

    def fault(self, detail: str, pointer: str, code: str = "invalid_condition") -> Condition:
        self.faults.append(Fault(detail=detail, code=code, pointer=pointer))
        return AllOf()

    def node(self, document: Any, pointer: str, depth: int) -> Condition:
        if not isinstance(document, dict):
            return self.fault("A condition is an object with all, any, not or field.", pointer)
        if depth > DEEPEST:
            return self.fault(f"Conditions nest at most {DEEPEST} levels deep.", pointer)
        if not document:
            return AllOf()
        known: dict[str, Any] = document
        if known.keys() in ({"all"}, {"any"}):
            [(word, parts)] = known.items()
            if not isinstance(parts, list):
                return self.fault(f"{word} takes a list of conditions.", f"{pointer}/{word}")
            listed: list[Any] = parts
            inner = tuple(
                self.node(part, f"{pointer}/{word}/{index}", depth + 1) for index, part in enumerate(listed)
            )
            return AllOf(inner) if word == "all" else AnyOf(inner)
        if known.keys() == {"not"}:
            return Not(self.node(known["not"], f"{pointer}/not", depth + 1))
        return self.test(known, pointer)

    def test(self, known: dict[str, Any], pointer: str) -> Condition:
        self.count += 1
        if self.count == MOST_TESTS + 1:
            return self.fault(f"A rule asks at most {MOST_TESTS} questions.", pointer)
        field, operator = known.get("field"), known.get("operator")
        if (
            not isinstance(field, str)
            or not isinstance(operator, str)
            or known.keys() - {"field", "operator", "value"}
        ):
            return self.fault("A condition names field, operator and value.", pointer)
        kind = self.fields.get(field)
        if kind is None:
            return self.fault(f"There is no field {field}.", f"{pointer}/field", "unknown_field")
        try:
            wants(kind, operator)
        except KeyError:
            return self.fault(
                f"{field} can't be asked {operator}.", f"{pointer}/operator", "unknown_operator"
            )
        try:
            held = operand(kind, operator, known.get("value"))
        except ValueError as error:
            return self.fault(f"{field}: {error}.", f"{pointer}/value")
        return Test(field=field, kind=kind, operator=operator, operand=held)
