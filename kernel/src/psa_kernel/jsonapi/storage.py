"""How the columns of a table travel: from Python to PostgreSQL, back, and into audit and events."""

import datetime
import decimal
import enum
import functools
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec

from psa_kernel.database.schema import column_type, qualified, quoted
from psa_sdk.tables import (
    BigInt,
    Boolean,
    Choice,
    Column,
    Date,
    Decimal,
    Instant,
    Integer,
    Json,
    Ref,
    Sealed,
    Table,
)

KERNEL_COLUMNS = frozenset(("id", "tenant_id", "created_at", "updated_at", "version"))
LARGE_TEXT = 8192
"""Bytes beyond which audit and events hold a text's SHA-256 in its place."""
_WHOLE = {"integer": 2**31, "bigint": 2**63}
_EXPECTED: dict[type, tuple[type, ...]] = {
    Boolean: (bool,),
    Integer: (int,),
    BigInt: (int,),
    Instant: (datetime.datetime,),
    Date: (datetime.date,),
}


class StoredColumn(msgspec.Struct, frozen=True):
    """One column: its SQL type and what may be put in."""

    name: str
    column: Column
    sql_type: str
    nullable: bool
    default: Any
    """The constant default as a Python value, or None."""
    is_json: bool
    is_sealed: bool
    target: str
    """The resource that a `Ref` names, else empty."""

    @property
    def sql(self) -> str:
        """The quoted name."""
        return quoted(self.name)

    def fault(self, value: Any) -> str:
        """Return what is wrong with a Python value, or an empty string."""
        if value is None:
            return "" if self.nullable else "It must not be empty."
        if (bits := _WHOLE.get(self.sql_type)) is not None and isinstance(value, int):
            return "" if -bits <= value < bits else f"It must lie between {-bits} and {bits - 1}."
        if isinstance(self.column, Choice) and value not in self.column.allowed:
            return f"It must be one of {', '.join(self.column.allowed)}."
        if isinstance(value, decimal.Decimal):
            return self._number_fault(value)
        if isinstance(value, datetime.datetime) and value.tzinfo is None:
            return "An instant needs a zone, such as Z or +02:00."
        return ""

    def _number_fault(self, value: decimal.Decimal) -> str:
        if not value.is_finite():
            return "It must be a number."
        digits = getattr(self.column, "digits", None)
        if digits and abs(value).adjusted() >= digits[0] - digits[1]:
            return f"It has more than {digits[0] - digits[1]} digits before the point."
        return ""

    def normal(self, value: Any) -> Any:
        """Return a value as the column's own Python type; raises `TypeError` when it is another."""
        if isinstance(value, enum.Enum):
            value = value.value
        if value is None:
            return None
        if self.is_json:
            return msgspec.to_builtins(value)
        if self.sql_type == "uuid" and isinstance(value, str):
            return UUID(value)
        if self.sql_type == "text[]":
            return sorted(value) if isinstance(value, set | frozenset) else list(value)
        if isinstance(self.column, Decimal) and not isinstance(value, decimal.Decimal):
            return decimal.Decimal(str(value))
        expected = _EXPECTED.get(type(self.column))
        if expected is not None and not isinstance(value, expected):
            raise TypeError(f"{self.name} takes {expected[0].__name__}, not {type(value).__name__}.")
        return value

    def bound(self, value: Any) -> Any:
        """Return what the driver takes for a value; `parameter` is the matching SQL."""
        return msgspec.json.encode(value).decode() if self.is_json and value is not None else value

    def parameter(self, number: int) -> str:
        """Return the SQL of a bound value."""
        return f"${number}::text::jsonb" if self.is_json else f"${number}::{self.sql_type}"

    def selected(self, alias: str) -> str:
        """Return the SQL that reads the column for Python code; sealed values tell only whether they are set."""
        if self.is_json:
            return f"{alias}.{self.sql}::text AS {self.sql}"
        return f"{alias}.{self.sql} IS NOT NULL AS {self.sql}" if self.is_sealed else f"{alias}.{self.sql}"

    def shown(self, alias: str) -> str:
        """Return the SQL of the value in audit and events, as jsonb: no secrets, nothing large, exact decimals."""
        value = f"{alias}.{self.sql}"
        if self.is_sealed:
            return f"CASE WHEN {value} IS NOT NULL THEN '\"***\"'::jsonb END"
        if self.sql_type == "text" or self.is_json:
            return (
                f"CASE WHEN octet_length({value}::text) > {LARGE_TEXT} THEN"
                f" to_jsonb('sha256:' || encode(sha256(convert_to({value}::text, 'UTF8')), 'hex'))"
                f" ELSE to_jsonb({value}) END"
            )
        if isinstance(self.column, Decimal):
            return f"to_jsonb({value}::text)"
        return f"to_jsonb({value})"


class Storage(msgspec.Struct, frozen=True):
    """A table's columns by name, in the order of declaration."""

    table: str
    """Quoted and qualified."""
    name: str
    """`schema.table`."""
    columns: Mapping[str, StoredColumn]

    def select(self, alias: str) -> str:
        """Return the select list that `loaded` understands."""
        return ", ".join(column.selected(alias) for column in self.columns.values())

    def loaded(self, row: Any) -> dict[str, Any]:
        """Return a selected row's values, JSON decoded."""
        values = dict(row)
        for name, column in self.columns.items():
            if column.is_json and isinstance(values.get(name), str):
                values[name] = msgspec.json.decode(values[name])
        return values


def _constant(column: Column) -> Any:
    default = getattr(column, "default", None)
    if default is list:
        return []
    if isinstance(column, Json) and isinstance(default, str):
        return msgspec.json.decode(default)
    if isinstance(default, bool | int | str | decimal.Decimal | datetime.date | dict | list):
        return default
    return None


@functools.cache
def storage(table: type[Table]) -> Storage:
    """Return how a table's columns travel."""
    columns = [
        StoredColumn(
            name=column._meta.name,
            column=column,
            sql_type=column_type(column),
            nullable=bool(column._meta.null),
            default=_constant(column),
            is_json=isinstance(column, Json),
            is_sealed=isinstance(column, Sealed),
            target=column.target if isinstance(column, Ref) else "",
        )
        for column in table._meta.columns
    ]
    return Storage(quoted(qualified(table)), qualified(table), {column.name: column for column in columns})
