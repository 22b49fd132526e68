"""Kinds of values: how a column is bound, compared and shown in JSON."""

import datetime
import decimal
import types
import typing
import uuid
from collections.abc import Callable
from typing import Any, Literal

import msgspec

from psa_sdk import tables

Kind = Literal[
    "text",
    "choice",
    "integer",
    "bigint",
    "boolean",
    "decimal",
    "instant",
    "date",
    "uuid",
    "json",
    "tags",
    "sealed",
]

_COLUMN_KINDS: tuple[tuple[type[Any], Kind], ...] = (
    (tables.Choice, "choice"),
    (tables.Text, "text"),
    (tables.BigInt, "bigint"),
    (tables.Integer, "integer"),
    (tables.Boolean, "boolean"),
    (tables.Decimal, "decimal"),
    (tables.Instant, "instant"),
    (tables.Date, "date"),
    (tables.Ref, "uuid"),
    (tables.UUID, "uuid"),
    (tables.Json, "json"),
    (tables.Tags, "tags"),
    (tables.Sealed, "sealed"),
)
_ANNOTATION_KINDS: dict[Any, Kind] = {
    str: "text",
    int: "bigint",
    bool: "boolean",
    decimal.Decimal: "decimal",
    datetime.datetime: "instant",
    datetime.date: "date",
    uuid.UUID: "uuid",
}
PG_TYPES: dict[Kind, str] = {
    "text": "text",
    "choice": "text",
    "integer": "int4",
    "bigint": "int8",
    "boolean": "bool",
    "decimal": "numeric",
    "instant": "timestamptz",
    "date": "date",
    "uuid": "uuid",
    "tags": "text[]",
}
"""The PostgreSQL type that a bound value of each kind is cast to."""


def kind_of_column(column: tables.Column) -> Kind:
    """Return a declared column's kind; raises `TypeError` for a column that is not the SDK's."""
    for base, kind in _COLUMN_KINDS:
        if isinstance(column, base):
            return kind
    raise TypeError(f"{column._meta.name} is a {type(column).__name__}, which no resource can show")


def plain_type(annotation: Any) -> Any:
    """Strip `Annotated` and `| None` from an annotation."""
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        return plain_type(typing.get_args(annotation)[0])
    if origin in {typing.Union, types.UnionType}:
        rest = [
            part
            for part in typing.get_args(annotation)
            if part is not type(None) and part is not msgspec.UnsetType
        ]
        return plain_type(rest[0]) if len(rest) == 1 else annotation
    return annotation


def kind_of_annotation(annotation: Any) -> Kind:
    """Return the kind of a derived attribute from its annotation; whatever is not scalar is JSON."""
    plain = plain_type(annotation)
    if typing.get_origin(plain) is Literal:
        return "text"
    return _ANNOTATION_KINDS.get(plain, "json")


def _integer(bits: int) -> Callable[[str], int]:
    limit = 1 << (bits - 1)

    def parse(text: str) -> int:
        value = int(text)
        if not -limit <= value < limit:
            raise ValueError(text)
        return value

    return parse


def _boolean(text: str) -> bool:
    if text not in {"true", "false"}:
        raise ValueError(text)
    return text == "true"


def _decimal(text: str) -> decimal.Decimal:
    value = decimal.Decimal(text)
    if not value.is_finite():
        raise ValueError(text)
    return value


def _instant(text: str) -> datetime.datetime:
    # A literal + of an offset arrives as a blank when the client forgot to encode it.
    value = datetime.datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
    if value.tzinfo is None:
        raise ValueError(text)
    return value.astimezone(datetime.UTC)


def _text(text: str) -> str:
    if "\0" in text:
        raise ValueError(text)
    return text


_PARSERS: dict[Kind, tuple[Callable[[str], Any], str]] = {
    "text": (_text, "text without NUL"),
    "choice": (_text, "text"),
    "integer": (_integer(32), "an integer"),
    "bigint": (_integer(64), "an integer"),
    "boolean": (_boolean, "true or false"),
    "decimal": (_decimal, "a decimal number"),
    "instant": (_instant, "an RFC 3339 instant with a zone, such as 2026-01-31T09:00:00Z"),
    "date": (datetime.date.fromisoformat, "a date, YYYY-MM-DD"),
    "uuid": (uuid.UUID, "a uuid"),
}


def parse_value(kind: Kind, text: str) -> Any:
    """Turn a query parameter's text into the value to bind; raises `ValueError` saying what is expected."""
    parse, expected = _PARSERS[kind]
    try:
        return parse(text)
    except (ValueError, ArithmeticError, OverflowError):
        raise ValueError(f"{text!r} is not {expected}") from None
