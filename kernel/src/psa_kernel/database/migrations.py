"""Migrations: reviewed SQL per plugin, run once, in dependency order, under one lock.

A plugin keeps `migrations/NNNN_title.sql` beside its module; `.py` files with `async def forwards(connection)`
are for data that SQL alone can't transform. Each runs in a transaction together with its ledger row.
"""

import asyncio
import hashlib
import importlib.util
import re
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import msgspec

from psa_kernel.database.converge import converge, declared_hash, is_converged
from psa_kernel.database.converge.managed import explained
from psa_kernel.database.platform import become_owner, prepare
from psa_kernel.database.pool import Connection, connect_as_owner
from psa_kernel.database.schema import schema_of
from psa_kernel.registry import Plugin, Registry

_LOCK = 0x505341  # "PSA"
_FILE = re.compile(r"^(\d{4})_[a-z0-9_]+\.(sql|py)$")


class MigrationError(RuntimeError):
    """Migrations can't run; every reason on a line of its own."""


class Migration(msgspec.Struct, frozen=True, kw_only=True):
    """A migration file; `id` is its name without the ending."""

    plugin: str
    id: str
    path: Path
    checksum: str


class Migrated(msgspec.Struct, frozen=True, kw_only=True):
    """What a run did: migrations as `plugin/id`, and whether the declared state had to be applied."""

    applied: tuple[str, ...]
    converged: bool


def folder(plugin: Plugin) -> Path:
    """Return where a plugin's migrations are; it may not exist."""
    assert plugin.module.__file__ is not None
    return Path(plugin.module.__file__).parent / "migrations"


def discover(plugin: Plugin) -> tuple[Migration, ...]:
    """Read a plugin's migrations in order. Raises `MigrationError` naming every wrong file."""
    found: list[Migration] = []
    problems: list[str] = []
    numbers: dict[str, str] = {}
    for path in sorted(folder(plugin).glob("*")):
        if path.name == "__init__.py" or path.suffix not in {".sql", ".py"}:
            continue
        match = _FILE.match(path.name)
        if match is None:
            problems.append(f"{plugin.name}: {path.name} must be named like 0001_title.sql")
            continue
        other = numbers.setdefault(match[1], path.name)
        if other != path.name:
            problems.append(f"{plugin.name}: {other} and {path.name} have the same number")
        checksum = hashlib.sha256(path.read_bytes()).hexdigest()
        found.append(Migration(plugin=plugin.name, id=path.stem, path=path, checksum=checksum))
    if problems:
        raise MigrationError("\n".join(problems))
    return tuple(found)


def pending(registry: Registry, ledger: Mapping[tuple[str, str], str]) -> list[Migration]:
    """Return what has to run, in dependency order.

    Raises `MigrationError` for changed files, and for ledger rows that the installed code doesn't know.
    """
    due: list[Migration] = []
    problems: list[str] = []
    for plugin in registry.plugins.values():
        try:
            migrations = discover(plugin)
        except MigrationError as error:
            problems.append(str(error))
            continue
        known = {migration.id for migration in migrations}
        problems += [
            f"{plugin.name}: the database has migration {applied}, which the installed version lacks; "
            "install the newer version again or restore a backup"
            for name, applied in ledger
            if name == plugin.name and applied not in known
        ]
        for migration in migrations:
            checksum = ledger.get((migration.plugin, migration.id))
            if checksum is None:
                due.append(migration)
            elif checksum != migration.checksum:
                problems.append(
                    f"{plugin.name}: {migration.path.name} was changed after it ran; "
                    "restore it and write a new migration"
                )
    if problems:
        raise MigrationError("\n".join(problems))
    return due


async def migrate(url: str, registry: Registry, *, multi_tenant: bool, repair: bool = False) -> Migrated:
    """Bring a database up to what the registry declares; cheap when nothing changed.

    `url` is the owner's. Safe with several processes: one works, the others wait and find nothing to do.
    `repair` looks at everything anew, also when the recorded state says that nothing changed.
    Raises `MigrationError`, `ConvergeError` or `DatabaseUnfit`.
    """
    connection = await connect_as_owner(url)
    try:
        owner = await become_owner(connection)
        async with alone(connection):
            state = declared_hash(registry, multi_tenant=multi_tenant, owner=owner)
            settled = not repair and await is_converged(connection, state)
            if settled and not pending(registry, await _ledger(connection)):
                return Migrated(applied=(), converged=False)
            applied = await run_pending(connection, registry, multi_tenant=multi_tenant)
            await converge(connection, registry, multi_tenant=multi_tenant, owner=owner, repair=repair)
    finally:
        await connection.close()
    return Migrated(applied=applied, converged=True)


async def run_pending(connection: Connection, registry: Registry, *, multi_tenant: bool) -> tuple[str, ...]:
    """Run due migrations as the owner, inside `alone`, and return them as `plugin/id`; `converge` comes next."""
    await prepare(connection, {schema_of(table) for _, table in registry.tables}, multi_tenant=multi_tenant)
    due = pending(registry, await _ledger(connection))
    if due:
        await connection.execute("DELETE FROM psa.converged")
    for migration in due:
        await _run(connection, migration)
    return tuple(f"{migration.plugin}/{migration.id}" for migration in due)


@asynccontextmanager
async def alone(connection: Connection) -> AsyncGenerator[None]:
    """Hold the lock of those who change the database's structure."""
    # Polled: a waiting pg_advisory_lock() holds a snapshot, which CREATE INDEX CONCURRENTLY would wait for.
    while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", _LOCK):  # noqa: ASYNC110
        await asyncio.sleep(0.1)
    try:
        yield
    finally:
        if not connection.is_closed():
            await connection.execute(f"SELECT pg_advisory_unlock({_LOCK})")


async def _ledger(connection: Connection) -> dict[tuple[str, str], str]:
    rows = await connection.fetch("SELECT plugin, id, checksum FROM psa.migration")
    return {(row["plugin"], row["id"]): row["checksum"] for row in rows}


async def _run(connection: Connection, migration: Migration) -> None:
    started = time.perf_counter()
    try:
        async with connection.transaction():
            if migration.path.suffix == ".sql":
                # asyncpg fails on a text without any statement, such as a migration of comments only.
                await connection.execute("SELECT; " + migration.path.read_text(encoding="utf-8"))
            else:
                await _forwards(connection, migration)
            await connection.execute(
                "INSERT INTO psa.migration (plugin, id, checksum, seconds) VALUES ($1, $2, $3, $4)",
                migration.plugin,
                migration.id,
                migration.checksum,
                time.perf_counter() - started,
            )
    except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise MigrationError(
            f"{migration.plugin}: {migration.path.name} failed: {explained(error)}"
        ) from error


async def _forwards(connection: Connection, migration: Migration) -> None:
    # By path under a name of its own: two plugins may both have a 0001_data.py.
    name = f"_psa_migrations.{migration.plugin}.{migration.id}"
    spec = importlib.util.spec_from_file_location(name, migration.path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    if not hasattr(module, "forwards"):
        raise MigrationError(
            f"{migration.plugin}: {migration.path.name} lacks async def forwards(connection)"
        )
    await module.forwards(connection)


def next_path(plugin: Plugin, title: str) -> Path:
    """Return the path of a plugin's next migration."""
    numbers: Sequence[int] = [int(migration.id[:4]) for migration in discover(plugin)]
    slug = re.sub(r"[^a-z0-9]+", "_", title.lower()).strip("_") or "change"
    return folder(plugin) / f"{max(numbers, default=0) + 1:04d}_{slug}.sql"
