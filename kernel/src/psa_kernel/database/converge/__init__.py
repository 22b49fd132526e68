"""Convergence: makes the database be what the installed plugins declare.

Runs after migrations at every start. What migrations don't say, because it follows from declarations or
from which plugins are there, is applied here: references, checks, indexes, row-level security, rights, search.
"""

import hashlib
import itertools

from psa_kernel.database.converge.indexes import indexes
from psa_kernel.database.converge.isolation import append_only, enable, grant, grants, policies
from psa_kernel.database.converge.managed import Managed, apply
from psa_kernel.database.converge.references import constraints
from psa_kernel.database.converge.search import search_triggers
from psa_kernel.database.platform import functions_sql
from psa_kernel.database.pool import Connection
from psa_kernel.database.schema import (
    column_names,
    create_table,
    is_tenant_table,
    object_name,
    qualified,
    quoted,
)
from psa_kernel.registry import Registry

_FORMAT = "1"  # raised when the code below does something else for the same declarations


class ConvergeError(RuntimeError):
    """The database can't become what is declared; every reason on a line of its own."""


def wanted(registry: Registry, *, multi_tenant: bool, owner: str) -> list[Managed]:
    """Return every managed object that the declarations imply, in the order of making."""
    return list(
        itertools.chain(
            constraints(registry),
            indexes(registry),
            policies(registry, owner) if multi_tenant else (),
            append_only(registry),
            search_triggers(registry),
        )
    )


def declared_hash(registry: Registry, *, multi_tenant: bool, owner: str) -> str:
    """Return a hash of all that `converge` depends on."""
    parts = [
        _FORMAT,
        functions_sql(18, multi_tenant=multi_tenant),
        repr([(qualified(table), create_table(table)) for _, table in registry.tables]),
        repr([item.digest for item in wanted(registry, multi_tenant=multi_tenant, owner=owner)]),
        repr(sorted((table, sorted(rights)) for table, rights in grants(registry).items())),
    ]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


async def is_converged(connection: Connection, state: str) -> bool:
    """Tell whether the database was last converged to this state."""
    if await connection.fetchval("SELECT to_regclass('psa.converged')") is None:
        return False
    return await connection.fetchval("SELECT hash FROM psa.converged") == state


async def converge(
    connection: Connection, registry: Registry, *, multi_tenant: bool, owner: str, repair: bool = False
) -> None:
    """Apply the declared state.

    Idempotent; an interrupted run is completed by the next.
    `repair` also remakes what is cheap to remake, should someone have altered it in place.

    Raises `ConvergeError` naming every missing table and column, and every object that can't be made.
    """
    problems = await _missing(connection, registry)
    if problems:
        raise ConvergeError("\n".join(problems))
    # Everything here is repeated when a crash loses it: no need to wait for the disk each time.
    await connection.execute("SET synchronous_commit = off; DELETE FROM psa.converged")
    await _keys(connection, registry)
    # References come before row-level security, which would hide the rows that they are validated against.
    items = wanted(registry, multi_tenant=multi_tenant, owner=owner)
    tables = {qualified(table) for _, table in registry.tables}
    problems = await apply(connection, items, tables, remake=repair)
    await enable(connection, registry, multi_tenant=multi_tenant)
    await grant(connection, grants(registry))
    await connection.execute("RESET synchronous_commit")
    if problems:
        raise ConvergeError("\n".join(problems))
    state = declared_hash(registry, multi_tenant=multi_tenant, owner=owner)
    await connection.execute("INSERT INTO psa.converged (hash) VALUES ($1)", state)


async def _missing(connection: Connection, registry: Registry) -> list[str]:
    rows = await connection.fetch(
        "SELECT n.nspname || '.' || c.relname AS name, array_agg(a.attname::text) AS columns "
        "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid "
        "WHERE c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped GROUP BY 1"
    )
    present = {row["name"]: set(row["columns"]) for row in rows}
    problems: list[str] = []
    for plugin, table in registry.tables:
        columns = present.get(qualified(table))
        lacking = [name for name in column_names(table) if name not in (columns or ())]
        what = (
            f"table {qualified(table)}" if columns is None else f"{', '.join(lacking)} of {qualified(table)}"
        )
        if lacking:
            problems.append(
                f"{plugin}: the database lacks {what}; write the migration: psa migrations new {plugin} TITLE"
            )
    return problems


async def _keys(connection: Connection, registry: Registry) -> None:
    """Give every tenant table a unique key (tenant_id, id), the target of references."""
    rows = await connection.fetch(
        "SELECT n.nspname || '.' || c.relname AS name FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid "
        "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE i.indisunique AND i.indpred IS NULL AND i.indexprs IS NULL "
        "AND (SELECT array_agg(a.attname::text ORDER BY a.attname) FROM pg_attribute a "
        "WHERE a.attrelid = c.oid AND a.attnum = ANY (i.indkey)) = ARRAY['id', 'tenant_id']"
    )
    present = {row["name"] for row in rows}
    for _, table in registry.tables:
        if is_tenant_table(table) and qualified(table) not in present:
            name = object_name("uq", table, "tenant_id", "id")
            await connection.execute(
                f"ALTER TABLE {quoted(qualified(table))} ADD CONSTRAINT {quoted(name)} UNIQUE (tenant_id, id)"
            )
