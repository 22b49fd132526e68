"""What can be asked of a value, by its kind: pure, and without surprises where a value is missing."""

import datetime
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Literal
from uuid import UUID

import msgspec
import regex

FieldKind = Literal["text", "choice", "reference", "number", "boolean", "instant", "date", "tags"]
Wants = Literal["one", "many", "minutes", "pattern", "nothing"]
"""What stands beside an operator: a value, several, a length of time, a regular expression, or nothing."""

PATTERN_SECONDS = 0.1
"""How long one regular expression may take."""
LONGEST_MINUTES = 10 * 366 * 24 * 60
_PRESENCE: Mapping[str, Wants] = {"empty": "nothing", "not_empty": "nothing"}
_EQUAL: Mapping[str, Wants] = {"is": "one", "is_not": "one"}
_AMONG: Mapping[str, Wants] = {"in": "many", "not_in": "many"}
_SPANS: Mapping[str, Wants] = {"within_last": "minutes", "older_than": "minutes", "within_next": "minutes"}

OPERATORS: Mapping[FieldKind, Mapping[str, Wants]] = {
    "text": {
        **_EQUAL,
        "contains": "one",
        "not_contains": "one",
        "starts_with": "one",
        "ends_with": "one",
        "matches": "pattern",
        **_AMONG,
        **_PRESENCE,
    },
    "choice": {**_EQUAL, **_AMONG, **_PRESENCE},
    "reference": {**_EQUAL, **_AMONG, **_PRESENCE},
    "number": {
        **_EQUAL,
        "less": "one",
        "at_most": "one",
        "more": "one",
        "at_least": "one",
        **_PRESENCE,
    },
    "boolean": {"is": "one"},
    "instant": {"before": "one", "after": "one", **_SPANS, **_PRESENCE},
    "date": {"is": "one", "before": "one", "after": "one", **_PRESENCE},
    "tags": {"has": "one", "has_not": "one", "has_any": "many", **_PRESENCE},
}
EDGES: Mapping[str, Wants] = {"changed": "nothing", "changed_from": "one", "changed_to": "one"}
"""What an update did to a field: true only where the value differs from the one before (AUT-02)."""


def wants(kind: FieldKind, operator: str) -> Wants:
    """Return what stands beside an operator; raises `KeyError` where a kind doesn't have it.

    Example:
        >>> wants("instant", "older_than"), wants("tags", "changed")
        ('minutes', 'nothing')
    """
    if operator in EDGES and not (kind == "tags" and operator != "changed"):
        return EDGES[operator]
    return OPERATORS[kind][operator]


def value_of(kind: FieldKind, raw: Any) -> Any:
    """Return a JSON value as it is compared: text without case, numbers exact, instants aware.

    Raises `ValueError` for what the kind can't hold.

    Example:
        >>> value_of("text", "Printer"), value_of("number", "1.50")
        ('printer', Decimal('1.50'))
    """
    match kind:
        case "text" if isinstance(raw, str):
            return raw.casefold()
        case "choice" if isinstance(raw, str):
            return raw
        case "reference":
            return UUID(str(raw))
        case "number" if isinstance(raw, int | str | Decimal) and not isinstance(raw, bool):
            try:
                number = Decimal(raw)
            except InvalidOperation as error:
                raise ValueError(f"{raw!r} is no number") from error
            if not number.is_finite():
                raise ValueError(f"{raw!r} is no number")
            return number
        case "boolean" if isinstance(raw, bool):
            return raw
        case "instant" if isinstance(raw, str):
            instant = datetime.datetime.fromisoformat(raw)
            if instant.tzinfo is None:
                raise ValueError(f"{raw!r} needs an offset, such as Z")
            return instant
        case "date" if isinstance(raw, str):
            return datetime.date.fromisoformat(raw)
        case "tags" if isinstance(raw, str):
            return raw.casefold()
        case _:
            raise ValueError(f"{raw!r} is no {kind}")


def operand(kind: FieldKind, operator: str, raw: Any) -> Any:
    """Return what stands beside an operator, ready to be compared; raises `ValueError` with a sentence."""
    match wants(kind, operator):
        case "nothing":
            return None
        case "one":
            return value_of(kind, raw)
        case "many":
            if not isinstance(raw, list) or not raw or len(raw) > 200:
                raise ValueError("between 1 and 200 values are needed")
            return frozenset(value_of(kind, one) for one in raw)
        case "minutes":
            if not isinstance(raw, int) or isinstance(raw, bool) or not 0 < raw <= LONGEST_MINUTES:
                raise ValueError("a number of minutes above 0 is needed")
            return datetime.timedelta(minutes=raw)
        case "pattern":
            if not isinstance(raw, str) or not 0 < len(raw) <= 500:
                raise ValueError("a regular expression of at most 500 characters is needed")
            try:
                return regex.compile(raw, regex.IGNORECASE)
            except regex.error as error:
                raise ValueError(f"the regular expression is wrong: {error}") from error


def present(kind: FieldKind, raw: Any) -> Any:
    """Return a record's value as it is compared; None where it has none or nothing of the kind."""
    if raw is None or raw in ("", []):
        return None
    if kind == "tags":
        return frozenset(str(tag).casefold() for tag in raw) if isinstance(raw, Sequence) else None
    try:
        return value_of(kind, raw)
    except ValueError:
        return None


def _matches(value: Any, wanted: Any, _now: datetime.datetime) -> bool:
    # What is too slow raises TimeoutError: the rule fails, visibly, and the record doesn't wait.
    return wanted.search(value, timeout=PATTERN_SECONDS) is not None


_TESTS: Mapping[str, Callable[[Any, Any, datetime.datetime], bool]] = {
    "is": lambda value, wanted, now: value == wanted,
    "in": lambda value, wanted, now: value in wanted,
    "contains": lambda value, wanted, now: wanted in value,
    "starts_with": lambda value, wanted, now: value.startswith(wanted),
    "ends_with": lambda value, wanted, now: value.endswith(wanted),
    "matches": _matches,
    "less": lambda value, wanted, now: value < wanted,
    "at_most": lambda value, wanted, now: value <= wanted,
    "more": lambda value, wanted, now: value > wanted,
    "at_least": lambda value, wanted, now: value >= wanted,
    "before": lambda value, wanted, now: value < wanted,
    "after": lambda value, wanted, now: value > wanted,
    "within_last": lambda value, wanted, now: now - wanted <= value <= now,
    "older_than": lambda value, wanted, now: value < now - wanted,
    "within_next": lambda value, wanted, now: now <= value <= now + wanted,
    "has": lambda value, wanted, now: wanted in value,
    "has_any": lambda value, wanted, now: not value.isdisjoint(wanted),
}
_DENIALS: Mapping[str, str] = {"is_not": "is", "not_in": "in", "not_contains": "contains", "has_not": "has"}


def holds(kind: FieldKind, operator: str, wanted: Any, raw: Any, now: datetime.datetime) -> bool:
    """Tell whether a record's JSON value passes; a missing one passes denials and `empty`, nothing else.

    Example:
        >>> now = datetime.datetime(2026, 3, 2, tzinfo=datetime.UTC)
        >>> holds("text", "contains", "print", "The PRINTER", now), holds("text", "is_not", "a", None, now)
        (True, True)
    """
    value = present(kind, raw)
    if operator == "empty":
        return value is None
    if operator == "not_empty":
        return value is not None
    if operator in _DENIALS:
        return value is None or not _TESTS[_DENIALS[operator]](value, wanted, now)
    return value is not None and _TESTS[operator](value, wanted, now)


class Edge(msgspec.Struct, frozen=True):
    """A field's JSON values before and after an update."""

    before: Any
    after: Any


def crossed(kind: FieldKind, operator: str, wanted: Any, edge: Edge | None) -> bool:
    """Tell whether an update changed a field, from or to a value."""
    if edge is None or edge.before == edge.after:
        return False
    if operator == "changed":
        return True
    return present(kind, edge.before if operator == "changed_from" else edge.after) == wanted
