"""Drift: what declared tables and the database's differ in, written as the SQL of a migration.

PostgreSQL itself renders types and defaults: the declared tables are created in a scratch schema, both
catalogues are read, and everything is rolled back.
"""

from collections.abc import Mapping

import msgspec

from psa_kernel.database.migrations import alone, run_pending
from psa_kernel.database.platform import become_owner
from psa_kernel.database.pool import Connection, connect_as_owner
from psa_kernel.database.schema import (
    AnyTable,
    column_names,
    column_sql,
    create_table,
    object_name,
    qualified,
    quoted,
    schema_of,
)
from psa_kernel.registry import Registry
from psa_sdk.tables import Column

_SCRATCH = "psa_scratch"
_COLUMNS = """
SELECT n.nspname || '.' || c.relname AS table, a.attname::text AS name,
       format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull AS required,
       pg_get_expr(d.adbin, d.adrelid) AS default, a.attgenerated <> '' AS generated
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname = ANY ($1)
ORDER BY c.relname, a.attnum
"""


class Found(msgspec.Struct, frozen=True):
    """A column as the database has it."""

    type: str
    required: bool
    default: str | None
    generated: bool


class Drift(msgspec.Struct, frozen=True):
    """The statements that a plugin's next migration needs.

    `drops` would lose data and are only suggested; a database with more than is declared is not out of date.
    """

    statements: tuple[str, ...] = ()
    drops: tuple[str, ...] = ()

    def migration(self, title: str) -> str:
        """Return the text of a migration file."""
        parts = [f"-- {title}."]
        parts += [f"{statement};" for statement in self.statements]
        if self.drops:
            parts.append(
                "-- WARNING: these lose data. Is it a rename? Keep a release's distance, then uncomment."
            )
            parts += ["\n".join(f"-- {line}" for line in f"{drop};".splitlines()) for drop in self.drops]
        return "\n\n".join(parts) + "\n"


async def drifts(url: str, registry: Registry, *, multi_tenant: bool) -> dict[str, Drift]:
    """Run due migrations and return what each plugin's declarations need beyond them; `url` is the owner's.

    Raises `MigrationError` or `DatabaseUnfit`.
    """
    connection = await connect_as_owner(url)
    try:
        await become_owner(connection)
        async with alone(connection):
            await run_pending(connection, registry, multi_tenant=multi_tenant)
            return {plugin: await drift(connection, registry, plugin) for plugin in registry.plugins}
    finally:
        await connection.close()


async def drift(connection: Connection, registry: Registry, plugin: str) -> Drift:
    """Compare a plugin's declared tables with the migrated database, as the owner. Changes nothing."""
    tables = [table for owner, table in registry.tables if owner == plugin]
    if not tables:
        return Drift()
    transaction = connection.transaction()
    await transaction.start()
    try:
        await connection.execute(f"CREATE SCHEMA {_SCRATCH}")
        for table in tables:
            await connection.execute(create_table(table, _scratch(table)))
        present = await _columns(connection, [_SCRATCH, *{schema_of(table) for table in tables}])
    finally:
        await transaction.rollback()
    statements: list[str] = []
    drops: list[str] = []
    for table in tables:
        actual = present.get(qualified(table))
        if actual is None:
            statements.append(create_table(table))
            continue
        wanted = present[_scratch(table)]
        for column in table._meta.columns:
            statements += _difference(table, column, wanted[column._meta.name], actual.get(column._meta.name))
        drops += [
            f"ALTER TABLE {quoted(qualified(table))} DROP COLUMN {quoted(name)}"
            for name, found in actual.items()
            if name not in column_names(table) and not found.generated
        ]
    declared = {qualified(table) for _, table in registry.tables}
    own = {schema_of(table) for table in tables} - {"psa"}  # the kernel's schema has undeclared tables too
    drops += [
        f"DROP TABLE {quoted(t)}" for t in sorted(present) if t.split(".")[0] in own and t not in declared
    ]
    return Drift(tuple(statements), tuple(drops))


def _scratch(table: AnyTable) -> str:
    return f"{_SCRATCH}.{object_name(schema_of(table), table)}"


async def _columns(connection: Connection, schemas: list[str]) -> Mapping[str, Mapping[str, Found]]:
    tables: dict[str, dict[str, Found]] = {}
    for row in await connection.fetch(_COLUMNS, schemas):
        found = Found(row["type"], row["required"], row["default"], row["generated"])
        tables.setdefault(row["table"], {})[row["name"]] = found
    return tables


def _difference(table: AnyTable, column: Column, wanted: Found, actual: Found | None) -> list[str]:
    on, name = quoted(qualified(table)), quoted(column._meta.name)
    if actual is None:
        return [_addition(on, column, wanted)]
    steps: list[str] = []
    alter = f"ALTER COLUMN {name}"
    if wanted.type != actual.type:
        # A default of the old type may not fit the new one.
        if actual.default is not None:
            steps.append(f"{alter} DROP DEFAULT")
        steps.append(f"{alter} TYPE {wanted.type} USING {name}::{wanted.type}")
    if wanted.default != actual.default or (steps and wanted.default is not None):
        steps.append(
            f"{alter} DROP DEFAULT" if wanted.default is None else f"{alter} SET DEFAULT {wanted.default}"
        )
    if wanted.required != actual.required:
        steps.append(f"{alter} {'SET' if wanted.required else 'DROP'} NOT NULL")
    steps = list(dict.fromkeys(steps))
    return [f"ALTER TABLE {on}\n    " + ",\n    ".join(steps)] if steps else []


def _addition(on: str, column: Column, wanted: Found) -> str:
    statement = f"ALTER TABLE {on} ADD COLUMN {column_sql(column)}"
    if wanted.required and wanted.default is None:
        return f"-- Fails when there are rows: add it as null, fill it, then SET NOT NULL.\n{statement}"
    return statement
