"""Databases for tests: one embedded PostgreSQL per test run, a migrated template, a fast copy for each test.

A pytest plugin: `pytest_plugins = ["psa_kernel.testing.database"]`. Workers of pytest-xdist share the server
and the templates; the last one stops it.
"""

import asyncio
import fcntl
import hashlib
import os
import shutil
import tempfile
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
import msgspec
import pytest
import pytest_asyncio

from psa_kernel.database.converge import declared_hash
from psa_kernel.database.migrations import discover, migrate
from psa_kernel.database.platform import OWNER_ROLE
from psa_kernel.embedded.postgres import FAST, EmbeddedPostgres, Urls
from psa_kernel.registry import Registry
from psa_kernel.testing.registries import loaded

_SETTINGS = {
    **FAST,
    "max_connections": "1000",
    # Databases are made and dropped by the hundreds, and none lives for long.
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum": "off",
    # No connection lives long enough for a statement to be worth five plans before the one that is kept.
    "plan_cache_mode": "force_generic_plan",
    "checkpoint_timeout": "1h",
    "max_wal_size": "4GB",
}
_LITTLE = 3
"""Plugins; more are quicker made together with all the rest than added to it."""


class Database(msgspec.Struct, frozen=True):
    """A database of the test server: its name and its URLs as owner, as application and as superuser."""

    name: str
    owner: str
    app: str
    superuser: str


class DatabaseServer:
    """The test server; databases are made and dropped by name."""

    def __init__(self, directory: Path, urls: Urls) -> None:
        self._directory = directory
        self._urls = urls
        self._commands: _Commands | None = None
        self._names: dict[tuple[int, bool], tuple[Registry, str]] = {}

    def database(self, name: str) -> Database:
        """Return the URLs of a database."""

        def at(url: str) -> str:
            # The server speaks no TLS; without the word, each of thousands of connections prepares for it and asks.
            return urlsplit(url)._replace(path=f"/{name}", query="sslmode=disable").geturl()

        return Database(name, at(self._urls.owner), at(self._urls.app), at(self._urls.superuser))

    async def create(self, template: str = "template0") -> Database:
        """Make a database of its own, empty or a copy of a template."""
        name = f"test_{uuid4().hex[:12]}"
        await self._run(
            f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY file_copy OWNER {OWNER_ROLE}'
        )
        return self.database(name)

    async def migrated(self, registry: Registry, *, multi_tenant: bool) -> Database:
        """Make a database as `migrate` leaves it, copied from a template that is made once."""
        return await self.create(await self._template(registry, multi_tenant=multi_tenant))

    async def _template(self, registry: Registry, *, multi_tenant: bool) -> str:
        name = self._named(registry, multi_tenant=multi_tenant)
        done = self._directory / name
        if not done.exists():
            with _locked(self._directory / f"{name}.lock"):
                if not done.exists():
                    base = await self._base(registry, multi_tenant=multi_tenant)
                    await self._run(f'DROP DATABASE IF EXISTS "{name}"')
                    await self._run(f'CREATE DATABASE "{name}" TEMPLATE "{base}" OWNER {OWNER_ROLE}')
                    await migrate(self.database(name).owner, registry, multi_tenant=multi_tenant)
                    done.touch()
        return name

    async def _base(self, registry: Registry, *, multi_tenant: bool) -> str:
        """Return what a template begins with: where a test adds little to the built-in plugins, their own template."""
        added = sum(not plugin.builtin for plugin in registry.plugins.values())
        if not 0 < added <= _LITTLE:
            return "template0"
        alone = loaded("multi" if multi_tenant else "single")
        if not alone.plugins.keys() <= registry.plugins.keys():
            return "template0"
        # What adds nothing at all would wait here for itself.
        if self._named(alone, multi_tenant=multi_tenant) == self._named(registry, multi_tenant=multi_tenant):
            return "template0"
        return await self._template(alone, multi_tenant=multi_tenant)

    def _named(self, registry: Registry, *, multi_tenant: bool) -> str:
        key = id(registry), multi_tenant
        if key not in self._names:
            self._names[key] = registry, _named(registry, multi_tenant=multi_tenant)
        return self._names[key][1]

    async def drop(self, name: str) -> None:
        """Drop a database, whoever is still connected to it."""
        await self._run(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    async def _run(self, statement: str) -> None:
        if self._commands is None:
            self._commands = _Commands(self.database("postgres").superuser)
        await self._commands.run(statement)

    def close(self) -> None:
        """Disconnect."""
        if self._commands is not None:
            self._commands.close()


class _Commands:
    """One connection for the statements of all tests, whatever loop they run in: it has a loop of its own."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: asyncpg.Connection | None = None
        self._loop = asyncio.new_event_loop()
        self._one = asyncio.Lock()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    async def run(self, statement: str) -> None:
        await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(self._run(statement), self._loop))

    async def _run(self, statement: str) -> None:
        async with self._one:
            connection = self._connection
            if connection is None or connection.is_closed():
                connection = self._connection = await asyncpg.connect(self._url)
            await connection.execute(statement)

    async def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.terminate()  # the server may be gone
            await asyncio.sleep(0)

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self._hang_up(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


def _named(registry: Registry, *, multi_tenant: bool) -> str:
    """Return the name of the template for what is declared."""
    state = [declared_hash(registry, multi_tenant=multi_tenant, owner=OWNER_ROLE)]
    state += [m.checksum for plugin in registry.plugins.values() for m in discover(plugin)]
    return "template_" + hashlib.sha256("".join(state).encode()).hexdigest()[:12]


@contextmanager
def _locked(path: Path) -> Generator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="session")
def database_server() -> Generator[DatabaseServer]:
    """The PostgreSQL of this test run."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID") or f"{os.getpid()}"
    directory = Path(tempfile.gettempdir()) / f"psa-tests-{run}"
    lock = Path(f"{directory}.lock")
    server = EmbeddedPostgres(directory, settings=_SETTINGS)
    with _locked(lock):
        # Reachable for the unprivileged account that runs the server when the tests run as root.
        directory.mkdir(mode=0o755, exist_ok=True)
        urls = server.ensure()
    made = DatabaseServer(directory, urls)
    yield made
    made.close()
    with _locked(lock):
        server.stop()
        if server.port() is None:
            shutil.rmtree(directory, ignore_errors=True)
            lock.unlink(missing_ok=True)


NewDatabase = Callable[..., Awaitable[Database]]


@asynccontextmanager
async def databases(server: DatabaseServer) -> AsyncGenerator[NewDatabase]:
    """Make databases that are dropped at the end of the block.

    `await new_database()` is empty; `await new_database(registry, multi_tenant=True)` is migrated.
    """
    made: list[Database] = []

    async def make(registry: Registry | None = None, *, multi_tenant: bool = True) -> Database:
        if registry is None:
            database = await server.create()
        else:
            database = await server.migrated(registry, multi_tenant=multi_tenant)
        made.append(database)
        return database

    yield make
    for database in made:
        await server.drop(database.name)


@pytest_asyncio.fixture
async def new_database(database_server: DatabaseServer) -> AsyncGenerator[NewDatabase]:
    """Makes databases that are dropped after the test (see `databases`)."""
    async with databases(database_server) as make:
        yield make
