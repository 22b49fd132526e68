"""The bench's kernel, its tenants, and what its handlers left."""

import asyncio
import importlib.util
import os
import signal
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from types import ModuleType
from uuid import UUID

import asyncpg
import msgspec
import pytest
import pytest_asyncio

from psa_kernel.clock import Clock
from psa_kernel.config import Config
from psa_kernel.database.platform import SINGLE_TENANT
from psa_kernel.embedded.postgres import EmbeddedPostgres
from psa_kernel.embedded.valkey import EmbeddedValkey
from psa_kernel.kernel import Kernel
from psa_kernel.testing.database import DatabaseServer
from psa_kernel.testing.registries import loaded
from psa_sdk.tables import new_id


def module() -> ModuleType:
    """Return the plugin under the name that other processes give it, too."""
    if "bench" not in sys.modules:
        spec = importlib.util.spec_from_file_location("bench", Path(__file__).with_name("plugin.py"))
        made = importlib.util.module_from_spec(spec)
        sys.modules["bench"] = made
        spec.loader.exec_module(made)
    return sys.modules["bench"]


class Bench:
    """A kernel with the plugin, and a look behind row-level security."""

    def __init__(self, kernel: Kernel, owner: str) -> None:
        self.kernel = kernel
        self.owner = owner
        self.plugin = module()
        self.acme = self.rival = SINGLE_TENANT
        self._connection: asyncpg.Connection | None = None
        self._reading = asyncio.Lock()

    async def run(self, sql: str, *arguments: object) -> list[asyncpg.Record]:
        """Ask as the owner, over one connection for as long as the database lives."""
        async with self._reading:
            if self._connection is None or self._connection.is_closed():
                self._connection = await asyncpg.connect(self.owner, statement_cache_size=0)
            return await self._connection.fetch(sql, *arguments)

    async def close(self) -> None:
        if self._connection is not None:
            await self._connection.close()

    async def tenant(self, slug: str, *, id: UUID | None = None, timezone: str = "UTC") -> UUID:
        made = id or new_id()
        await self.run(
            "INSERT INTO psa.tenant (id, slug, name, timezone) VALUES ($1, $2, $2, $3)", made, slug, timezone
        )
        return made

    async def effects(self, *handlers: str) -> list[str]:
        rows = await self.run(
            "SELECT handler || ' ' || note AS line FROM bench.effect"
            " WHERE cardinality($1::text[]) = 0 OR handler = ANY ($1) ORDER BY 1",
            list(handlers),
        )
        return [row["line"].strip() for row in rows]

    async def states(self, kind: str = "") -> dict[str, str]:
        rows = await self.run(
            "SELECT handler, state FROM psa.delivery WHERE $1 = '' OR kind = $1 ORDER BY created_at", kind
        )
        return {row["handler"].rpartition(".")[2]: row["state"] for row in rows}


class OwnDatabase(DatabaseServer):
    """A PostgreSQL that one test may kill; durable, unlike the one that all share."""

    def __init__(self, directory: Path) -> None:
        self._server = EmbeddedPostgres(directory)
        super().__init__(directory, self._server.ensure())
        self._postmaster = directory / "postgres" / "data" / "postmaster.pid"

    def kill(self) -> None:
        os.kill(int(self._postmaster.read_text().split()[0]), signal.SIGKILL)

    def restart(self) -> None:
        self._server.ensure()

    def stop(self) -> None:
        self.close()
        self._server.stop()
        self._server.stop()


NewBench = Callable[..., Awaitable[Bench]]


@pytest_asyncio.fixture
async def new_bench(new_database, rewound_kernel, tmp_path: Path) -> AsyncGenerator[NewBench]:
    """Opens the bench's kernel with the tenants acme and rival."""
    async with AsyncExitStack() as stack:

        async def opened(
            server: "OwnDatabase | None", clock: Clock | None, **options: object
        ) -> tuple[Kernel, str]:
            """Return a kernel and its database's URL as owner: one of its own where other processes use it, too."""
            config = Config(data_dir=tmp_path, **options)
            registry = loaded(config.tenancy, (module(),))
            made = server.migrated if server else new_database
            database = await made(registry, multi_tenant=config.multi_tenant)
            config = msgspec.structs.replace(
                config, database_url=database.app, owner_database_url=database.owner
            )
            opening = Kernel.open(config, registry, clock=clock, lifespan=False)
            return await stack.enter_async_context(opening), database.owner

        async def make(
            *,
            multi_tenant: bool = True,
            clock: Clock | None = None,
            redis_url: str = "",
            threads: int = 8,
            server: "OwnDatabase | None" = None,
        ) -> Bench:
            if redis_url:
                kernel, owner = await opened(
                    server,
                    clock,
                    tenancy="multi" if multi_tenant else "single",
                    redis_url=redis_url,
                    worker_threads=threads,
                )
            else:
                kernel = await rewound_kernel([module()], multi_tenant=multi_tenant, clock=clock)
                owner = rewound_kernel.databases[kernel].owner
            bench = Bench(kernel, owner)
            stack.push_async_callback(bench.close)
            if multi_tenant:
                bench.acme, bench.rival = await bench.tenant("acme"), await bench.tenant("rival")
            else:
                await bench.tenant("main", id=SINGLE_TENANT)
            return bench

        yield make


@pytest_asyncio.fixture
async def bench(new_bench: NewBench) -> Bench:
    return await new_bench()


@pytest.fixture
def own_database(tmp_path_factory, put_cluster):
    directory = tmp_path_factory.mktemp("server")
    directory.chmod(0o755)
    server = OwnDatabase(put_cluster(directory))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def valkey(tmp_path_factory):
    server = EmbeddedValkey(tmp_path_factory.mktemp("valkey"))
    yield server.ensure()
    server.stop()
