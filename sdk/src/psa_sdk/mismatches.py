"""What is wrong with a value that doesn't fit its declared type, as a sentence for who sent it."""

import enum
import re
import types
import typing
from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

_TYPES = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "decimal": "a number",
    "bool": "true or false",
    "array": "a list",
    "object": "an object",
    "date": "a date",
    "time": "a time",
    "datetime": "a point in time",
    "uuid": "an id",
}
_FORMS = {
    "Invalid decimal string": "It must be a number such as 12.50.",
    "Invalid UUID": "It must be an id (a UUID).",
    "Invalid RFC3339 encoded date": "It must be a date such as 2026-03-31.",
    "Invalid RFC3339 encoded time": "It must be a time such as 14:30:00.",
    "Invalid RFC3339 encoded datetime": "It must be a point in time such as 2026-03-31T14:30:00Z.",
    "Expected `datetime` with a timezone component": "It needs a zone, such as Z or +02:00.",
    "Invalid ISO8601 duration": "It must be a duration such as PT1H30M.",
}
_LENGTHS = {
    ("str", "<="): "It must have at most {} characters.",
    ("str", ">="): "It must have at least {} characters.",
    ("array", "<="): "It must have at most {} entries.",
    ("array", ">="): "It must have at least {} entries.",
    ("array", ""): "It must have exactly {} entries.",
}
_RANGES = {"<=": "It must be at most {}.", ">=": "It must be at least {}."}
_LENGTH = re.compile(r"Expected `(\w+)` of length (>=|<=|) ?(\d+)")
_RANGE = re.compile(r"Expected `\w+` (>=|<=) (-?[\d.e+]+)")
_TYPE = re.compile(r"Expected `(.+)`, got `\w+`")
_PATTERN = re.compile(r"Expected `str` matching regex '(.*)'", re.DOTALL)


class Mismatch(NamedTuple):
    """A sentence, and where below the value it is (RFC 6901)."""

    detail: str
    pointer: str


def mismatch(error: msgspec.ValidationError, kind: Any = None) -> Mismatch:
    """Return what `msgspec.convert` found; `kind`, the declared type, lets the choices be named.

    Example:
        >>> try:
        ...     msgspec.convert([1, "x"], list[int])
        ... except msgspec.ValidationError as error:
        ...     mismatch(error)
        Mismatch(detail='It must be a whole number.', pointer='/1')
    """
    text, _, place = str(error).partition(" - at `$")
    # Which member of a mapping it is isn't told: the pointer ends there.
    known = place.rstrip("`").partition("[...]")[0]
    below = known.replace("[", ".").replace("]", "").replace(".", "/")
    choices = [] if place.strip("`") else list(_choices(kind))
    return Mismatch(_worded(text, choices), below)


def _worded(text: str, choices: list[str]) -> str:
    if text in _FORMS:
        return _FORMS[text]
    if text.startswith("Invalid enum value") and choices:
        return f"It must be one of {', '.join(choices)}."
    if (found := _LENGTH.match(text)) and (said := _LENGTHS.get((found[1], found[2]))):
        return "It must not be empty." if found[2] == ">=" and found[3] == "1" else said.format(found[3])
    if found := _RANGE.match(text):
        return _RANGES[found[1]].format(found[2].removesuffix(".0"))
    if found := _PATTERN.match(text):
        return f"It must match {found[1]}."
    if found := _TYPE.match(text):
        return f"It must be {' or '.join(_TYPES.get(one, one) for one in found[1].split(' | ') if one != 'null')}."
    return f"{text.rstrip('.')}."


def _choices(kind: Any) -> Iterator[str]:
    origin = typing.get_origin(kind)
    if origin is typing.Annotated:
        yield from _choices(typing.get_args(kind)[0])
    elif origin in (typing.Union, types.UnionType):
        for part in typing.get_args(kind):
            yield from _choices(part)
    elif origin is typing.Literal:
        yield from map(str, typing.get_args(kind))
    elif isinstance(kind, type) and issubclass(kind, enum.Enum):
        yield from (str(one.value) for one in kind)
