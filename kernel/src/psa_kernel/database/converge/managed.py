"""Objects that the platform owns in the database, recognised by their comment.

Each carries `psa:<digest>:<schema.table>`, the digest of the SQL that made it. That tells what is missing,
changed or no longer declared, without comparing PostgreSQL's rendering of an expression with ours.
"""

import hashlib
from collections.abc import Collection, Sequence
from typing import Literal

import asyncpg
import msgspec

from psa_kernel.database.pool import Connection
from psa_kernel.database.schema import literal, quoted

Kind = Literal["function", "constraint", "index", "policy", "trigger"]
ORDER: tuple[Kind, ...] = ("function", "constraint", "index", "policy", "trigger")
"""In this order they are made; they go in the opposite one."""

_LARGE = 8 * 1024 * 1024  # bytes; indexes of larger tables are built while writes go on
_MANY = 100

_PRESENT = """
WITH marked AS (
    SELECT objoid, classoid, split_part(description, ':', 2) AS digest, split_part(description, ':', 3) AS on_table
    FROM pg_description WHERE description LIKE 'psa:%' AND objsubid = 0)
SELECT 'constraint' AS kind, conname::text AS name, true AS valid, convalidated AS validated, digest, on_table
FROM marked JOIN pg_constraint c ON c.oid = objoid WHERE classoid = 'pg_constraint'::regclass
UNION ALL
SELECT 'index', c.relname, i.indisvalid, true, digest, on_table
FROM marked JOIN pg_class c ON c.oid = objoid JOIN pg_index i ON i.indexrelid = c.oid
WHERE classoid = 'pg_class'::regclass
UNION ALL
SELECT 'policy', polname, true, true, digest, on_table
FROM marked JOIN pg_policy p ON p.oid = objoid WHERE classoid = 'pg_policy'::regclass
UNION ALL
SELECT 'trigger', tgname, true, true, digest, on_table
FROM marked JOIN pg_trigger t ON t.oid = objoid WHERE classoid = 'pg_trigger'::regclass
UNION ALL
SELECT 'function', proname, true, true, digest, on_table
FROM marked JOIN pg_proc f ON f.oid = objoid WHERE classoid = 'pg_proc'::regclass
"""


class Managed(msgspec.Struct, frozen=True, kw_only=True):
    """A wanted object. `create` is its SQL; `fill` runs after it in the same transaction.

    A constraint's SQL is what follows `ADD CONSTRAINT name`; with `validate` it is added without looking at
    the rows, which are checked afterwards while writes go on. An index's SQL is what follows its name.
    """

    kind: Kind
    table: str
    name: str
    create: str
    fill: str = ""
    validate: bool = False

    @property
    def digest(self) -> str:
        """Identifies the definition."""
        return hashlib.sha256(msgspec.json.encode(self)).hexdigest()[:16]

    @property
    def key(self) -> tuple[str, str, str]:
        """Identifies the object."""
        return (self.kind, self.table, self.name)


class Present(msgspec.Struct, frozen=True):
    """A managed object as found; an invalid index is the rest of an interrupted build."""

    kind: Kind
    name: str
    valid: bool
    validated: bool
    digest: str
    table: str

    @property
    def key(self) -> tuple[str, str, str]:
        """Identifies the object."""
        return (self.kind, self.table, self.name)


async def present(connection: Connection) -> list[Present]:
    """Return all managed objects of the database."""
    return [Present(*row.values()) for row in await connection.fetch(_PRESENT)]


async def apply(
    connection: Connection, wanted: Sequence[Managed], tables: Collection[str], *, remake: bool = False
) -> list[str]:
    """Make the wanted objects and drop others of ours on `tables`; returns problems, one sentence each.

    Objects on tables that nobody declares stay: a plugin that is away for a while keeps its own.
    `remake` makes functions and policies again even where their digest is right.
    """
    found = {item.key: item for item in await present(connection)}
    keep = {item.key for item in wanted}
    problems: list[str] = []
    for kind in reversed(ORDER):
        gone = [i for i in found.values() if i.kind == kind and i.table in tables and i.key not in keep]
        for item in gone:
            await _attempt(connection, _drop(item.kind, item.table, item.name), item.key, problems)
    if not found:
        wanted = await _at_once(connection, wanted)
    large = await _large(connection)
    for kind in ORDER:
        for item in (item for item in wanted if item.kind == kind):
            old = found.get(item.key)
            again = remake and kind in {"function", "policy"}
            if old is None or old.digest != item.digest or not old.valid or again:
                await _make(connection, item, problems, concurrently=item.table in large)
    for item in wanted:
        old = found.get(item.key)
        if item.validate and not (old and old.digest == item.digest and old.validated):
            statement = f"ALTER TABLE {quoted(item.table)} VALIDATE CONSTRAINT {quoted(item.name)}"
            await _attempt(connection, statement, item.key, problems)
    return problems


async def _at_once(connection: Connection, wanted: Sequence[Managed]) -> list[Managed]:
    """Make many objects per message where none is yet, so that nobody is at work there; returns what is left.

    One by one, a first start's hundreds of tables cost several times as long.
    """
    left: list[Managed] = []
    items = [item for kind in ORDER for item in wanted if item.kind == kind]
    for part in (items[start : start + _MANY] for start in range(0, len(items), _MANY)):
        try:
            await connection.execute(";\n".join(step for item in part for step in _steps(item, lazily=False)))
        except asyncpg.PostgresError:
            if connection.is_closed():
                raise
            left += part
    return left


async def _make(
    connection: Connection, item: Managed, problems: list[str], *, concurrently: bool = False
) -> None:
    if item.kind == "index" and concurrently:
        head, _, body = item.create.partition("INDEX ")
        drop, _, mark = _steps(item)
        for step in (drop, f"{head}INDEX CONCURRENTLY {body}", mark):
            await _attempt(connection, step, item.key, problems)
        return
    # One message is one transaction: a policy is never missing while it is replaced.
    await _attempt(connection, ";\n".join(_steps(item)), item.key, problems)


def _steps(item: Managed, *, lazily: bool = True) -> list[str]:
    """Return the statements that make an object; constraints are checked later where `lazily`."""
    table, name = quoted(item.table), quoted(item.name)
    comment = f"IS {literal(f'psa:{item.digest}:{item.table}')}"
    drop = _drop(item.kind, item.table, item.name)
    match item.kind:
        case "function":
            steps = [item.create, f"COMMENT ON FUNCTION psa.{name}() {comment}"]
        case "constraint":
            later = " NOT VALID" if item.validate and lazily else ""
            steps = [drop, f"ALTER TABLE {table} ADD CONSTRAINT {name} {item.create}{later}"]
            steps.append(f"COMMENT ON CONSTRAINT {name} ON {table} {comment}")
        case "index":
            schema = quoted(item.table.split(".")[0])
            steps = [drop, item.create, f"COMMENT ON INDEX {schema}.{name} {comment}"]
        case "policy":
            steps = [drop, item.create, f"COMMENT ON POLICY {name} ON {table} {comment}"]
        case "trigger":
            steps = [drop, item.create, f"COMMENT ON TRIGGER {name} ON {table} {comment}"]
    return [*steps, item.fill] if item.fill else steps


def _drop(kind: Kind, table: str, name: str) -> str:
    on, what = quoted(table), quoted(name)
    match kind:
        case "function":
            return f"DROP FUNCTION IF EXISTS psa.{what}()"
        case "constraint":
            return f"ALTER TABLE {on} DROP CONSTRAINT IF EXISTS {what}"
        case "index":
            return f"DROP INDEX IF EXISTS {quoted(table.split('.')[0])}.{what}"
        case "policy":
            return f"DROP POLICY IF EXISTS {what} ON {on}"
        case "trigger":
            return f"DROP TRIGGER IF EXISTS {what} ON {on}"


async def _large(connection: Connection) -> set[str]:
    """Return the tables whose indexes are built while writes go on."""
    rows = await connection.fetch(
        "SELECT n.nspname || '.' || c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE c.relkind = 'r' AND pg_relation_size(c.oid) > $1",
        _LARGE,
    )
    return {row["name"] for row in rows}


async def _attempt(connection: Connection, sql: str, key: tuple[str, str, str], problems: list[str]) -> None:
    try:
        await connection.execute(sql)
    except asyncpg.PostgresError as error:
        if connection.is_closed():
            raise
        kind, table, name = key
        problems.append(f"{table}: {kind} {name}: {explained(error)}")


def explained(error: Exception) -> str:
    """Return what PostgreSQL says about an error, its detail and its hint."""
    # asyncpg hides the loss of a connection behind the transaction that it can't end any more.
    if isinstance(error, asyncpg.InterfaceError) and isinstance(error.__context__, asyncpg.PostgresError):
        error = error.__context__
    more = (getattr(error, "detail", None), getattr(error, "hint", None))
    return "; ".join(str(part) for part in (error, *more) if part)
