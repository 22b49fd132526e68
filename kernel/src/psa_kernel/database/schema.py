"""The SQL of a declared table: its columns, defaults and primary key."""

import datetime
import decimal
import enum
import hashlib
import uuid
from typing import Any

import msgspec
from piccolo.columns.defaults.base import Default

from psa_sdk.tables import Column, Json, PlatformTable, Table, Tags, TenantTable

AnyTable = type[TenantTable] | type[PlatformTable]

_LONGEST_NAME = 63  # PostgreSQL's NAMEDATALEN - 1


def qualified(table: type[Table]) -> str:
    """Return `schema.table`, as the registry keys tables."""
    return f"{schema_of(table)}.{table._meta.tablename}"


def schema_of(table: type[Table]) -> str:
    """Return the PostgreSQL schema of a table; raises `ValueError` when it declares none."""
    if not table._meta.schema:
        raise ValueError(f'{table.__name__} has no schema: declare class {table.__name__}(…, schema="…").')
    return table._meta.schema


def quoted(name: str) -> str:
    """Quote an identifier, each part of a qualified one on its own."""
    return ".".join('"' + part.replace('"', '""') + '"' for part in name.split("."))


def literal(text: str) -> str:
    """Quote a string constant."""
    return "'" + text.replace("'", "''") + "'"


def object_name(prefix: str, table: type[Table], *parts: str) -> str:
    """Name a constraint or index: `fk_ticket_company`; long names end in a hash.

    Example:
        >>> from psa_sdk.tables import TenantTable
        >>> class Visit(TenantTable, schema="visits", tablename="visit"): ...
        >>> object_name("fk", Visit, "company")
        'fk_visit_company'
    """
    name = "_".join((prefix, table._meta.tablename, *parts))
    if len(name.encode()) <= _LONGEST_NAME:
        return name
    return name[:54] + "_" + hashlib.sha256(name.encode()).hexdigest()[:8]


def is_tenant_table(table: type[Table]) -> bool:
    """Tell whether rows belong to tenants."""
    return issubclass(table, TenantTable)


def column_names(table: type[Table]) -> tuple[str, ...]:
    """Return the columns' names in the order of declaration."""
    return tuple(column._meta.name for column in table._meta.columns)


def column_sql(column: Column) -> str:
    """Return `"name" TYPE [NOT NULL] [DEFAULT …]`; without null and default a value is required."""
    parts = [quoted(column._meta.name), column_type(column)]
    if not column._meta.null:
        parts.append("NOT NULL")
    default = column_default(column)
    if default is not None:
        parts.append(f"DEFAULT {default}")
    return " ".join(parts)


def column_type(column: Column) -> str:
    """Return the column's SQL type in lower case."""
    # Piccolo's arrays ask the engine for their type, which a table may not have yet.
    return "text[]" if isinstance(column, Tags) else str(column.column_type).lower()


def column_default(column: Column) -> str | None:
    """Return the default as SQL, or None. Raises `ValueError` for what PostgreSQL can't evaluate."""
    default: Any = getattr(column, "default", None)
    if default is None:
        return None
    if isinstance(default, Default):
        return str(default.postgres)
    if isinstance(default, enum.Enum):
        default = default.value
    if default is list:
        return "'{}'::text[]"
    if isinstance(column, Json):
        text = default if isinstance(default, str) else msgspec.json.encode(default).decode()
        return f"{literal(text)}::jsonb"
    return _constant(column, default)


def _constant(column: Column, value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case int() | decimal.Decimal():
            return str(value)
        case str():
            return literal(value)
        case uuid.UUID():
            return f"{literal(str(value))}::uuid"
        case datetime.datetime():
            return f"{literal(value.isoformat())}::timestamptz"
        case datetime.date():
            return f"{literal(value.isoformat())}::date"
        case bytes():
            return f"'\\x{value.hex()}'::bytea"
        case _:
            raise ValueError(
                f"{qualified(column._meta.table)}.{column._meta.name}: the default {value!r} can't be written "
                "as SQL; use a constant or a Default subclass."
            )


def primary_key(table: type[Table]) -> tuple[str, ...]:
    """Return the primary key's columns; a tenant's come first so that tables can be distributed by tenant."""
    return ("tenant_id", "id") if is_tenant_table(table) else ("id",)


def create_table(table: type[Table], name: str = "") -> str:
    """Return the CREATE TABLE statement of a declaration, under its own or another qualified name."""
    lines = [column_sql(column) for column in table._meta.columns]
    lines.append(f"PRIMARY KEY ({', '.join(quoted(column) for column in primary_key(table))})")
    body = ",\n    ".join(lines)
    return f"CREATE TABLE {quoted(name or qualified(table))} (\n    {body}\n)"
