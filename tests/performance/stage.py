"""The stage of a measurement: PostgreSQL and Valkey of its own, many tenants, and the server as `psa serve` runs it."""

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager
from importlib.metadata import entry_points
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit
from uuid import UUID

import asyncpg
import msgspec

from psa_kernel.boot import load
from psa_kernel.builtin.auth.key_rules import make_key
from psa_kernel.builtin.auth.provisioning import ensure_account
from psa_kernel.builtin.tenancy.provisioning import ensure_single, provision
from psa_kernel.config import Config, Tenancy
from psa_kernel.database.migrations import migrate
from psa_kernel.embedded.postgres import EmbeddedPostgres, Urls
from psa_kernel.embedded.valkey import EmbeddedValkey
from psa_kernel.jsonapi.cursor import seal_cursor
from psa_kernel.jsonapi.paging import parsed
from psa_kernel.jsonapi.scopes import shape_for
from psa_kernel.kernel import Kernel

from .filling import fill

PAGE = "/api/v1/tickets?page[size]=50"
HERE = Path(__file__).parent
_SETTINGS = {"shared_buffers": "1GB", "max_wal_size": "4GB"}
# Limits that nobody reaches: the limiter works as in production, and its answers are in the figures.
UNREACHED = {
    "PSA_REQUESTS_PER_MINUTE": "100000000",
    "PSA_TENANT_REQUESTS_PER_MINUTE": "100000000",
    "PSA_ANONYMOUS_REQUESTS_PER_MINUTE": "100000000",
}


# The hand-written documents are those of these plugins; what else is installed may add to tickets.
OTHERS = frozenset(
    plugin.name
    for group in ("psa.plugins", "psa.bridges")
    for plugin in entry_points(group=group)
    if plugin.name not in {"contacts", "comments", "ticketing"}
)


class Member(msgspec.Struct, frozen=True):
    """A tenant and a technician's API key in it."""

    tenant_id: UUID
    key: str


class Server:
    """One HTTP process; `pid` is what its processor time is read of."""

    def __init__(self, arguments: Sequence[str], environment: dict[str, str]) -> None:
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the server
        self._process = subprocess.Popen(
            [sys.executable, *arguments],
            env=os.environ | environment,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if "http://" not in line:
            self._process.wait(10)
            self._log.seek(0)
            raise RuntimeError(self._log.read().decode()[-3000:])
        address = urlsplit(line.strip().rpartition(" ")[2])
        assert address.hostname is not None
        assert address.port is not None
        self.address = (address.hostname, address.port)
        self.url = f"http://{address.netloc}"
        self.pid = self._process.pid

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: object, trace: TracebackType | None
    ) -> None:
        assert self._process.stdout is not None
        self._process.terminate()
        try:
            await asyncio.to_thread(self._process.wait, 40)
        finally:
            self._process.kill()
            self._process.stdout.close()
            self._log.close()


class Stage:
    """Filled databases on servers of their own."""

    def __init__(self, directory: Path, urls: Urls, redis_url: str, postmaster: int) -> None:
        self.directory = directory
        self.redis_url = redis_url
        self.postmaster = postmaster
        self._urls = urls

    @classmethod
    @asynccontextmanager
    async def open(cls) -> AsyncGenerator[Self]:
        """Start the servers in a directory that is removed afterwards."""
        directory = Path(tempfile.mkdtemp(prefix="psa-performance-"))
        directory.chmod(0o755)
        postgres, valkey = EmbeddedPostgres(directory, settings=_SETTINGS), EmbeddedValkey(directory)
        try:
            urls, redis_url = postgres.ensure(), valkey.ensure()
            pid = int((directory / "postgres" / "data" / "postmaster.pid").read_text().split()[0])
            yield cls(directory, urls, redis_url, pid)
        finally:
            valkey.stop()
            postgres.stop()
            shutil.rmtree(directory, ignore_errors=True)

    async def house(self, name: str, tenancy: Tenancy, tenants: int, tickets: int) -> "House":
        """Make a database with some tenants that have some tickets each."""
        superuser = _at(self._urls.superuser, "postgres")
        connection = await asyncpg.connect(superuser)
        await connection.execute(f'CREATE DATABASE "{name}" TEMPLATE template0 OWNER psa_owner')
        await connection.close()
        house = House(
            Config(
                data_dir=self.directory,
                tenancy=tenancy,
                database_url=_at(self._urls.app, name),
                owner_database_url=_at(self._urls.owner, name),
                redis_url=self.redis_url,
                quarantine=OTHERS,
            ),
            _at(self._urls.superuser, name),
        )
        await house.furnish(tenants, tickets)
        return house


class House:
    """One database: its tenants, and the servers on it."""

    def __init__(self, config: Config, superuser: str) -> None:
        self.config = config
        self.superuser = superuser
        self.members: list[Member] = []

    async def furnish(self, tenants: int, tickets: int) -> None:
        """Migrate, provision the tenants and fill them."""
        registry = load(self.config)
        await migrate(self.config.owner_database_url, registry, multi_tenant=self.config.multi_tenant)
        async with Kernel.open(self._alone, registry, lifespan=False) as kernel:
            for number in range(tenants):
                slug = f"tenant-{number:03}"
                if self.config.multi_tenant:
                    tenant = await provision(kernel, slug=slug, name=slug)
                else:
                    tenant = await ensure_single(kernel)
                self.members.append(Member(tenant, await _technician(kernel, tenant)))
        await self.execute("CREATE SEQUENCE public.bare_number START 100000000")
        await fill(self.superuser, [(member.tenant_id, tickets) for member in self.members])

    async def execute(self, statement: str) -> None:
        """Run a statement as superuser."""
        connection = await asyncpg.connect(self.superuser)
        await connection.execute(statement)
        await connection.close()

    def product(self) -> Server:
        """Start the product's server: one worker."""
        return Server(["-m", "psa_kernel.cli", "serve", "--port", "0"], self._environment)

    @contextmanager
    def worker(self) -> Generator[None]:
        """Run the product's worker meanwhile."""
        process = subprocess.Popen(
            [sys.executable, "-m", "psa_kernel.cli", "worker"],
            env=os.environ | self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert process.stdout is not None
        try:
            process.stdout.readline()
            yield
        finally:
            process.terminate()
            process.wait(60)
            process.stdout.close()

    @property
    def _alone(self) -> Config:
        """The configuration of a kernel in this process, which needs no Redis."""
        return msgspec.structs.replace(self.config, redis_url="")

    @property
    def _environment(self) -> dict[str, str]:
        config = self.config
        return UNREACHED | {
            "PSA_DATA_DIR": str(config.data_dir),
            "PSA_TENANCY": config.tenancy,
            "PSA_DATABASE_URL": config.database_url,
            "PSA_OWNER_DATABASE_URL": config.owner_database_url,
            "PSA_REDIS_URL": config.redis_url,
            "PSA_QUARANTINE": ",".join(config.quarantine),
        }

    async def page_at(self, depth: float) -> str:
        """Return the address of the first tenant's page behind a part of its tickets, with a cursor of the product's."""
        if not depth:
            return PAGE
        tenant = self.members[0].tenant_id
        async with (
            Kernel.open(self._alone, load(self.config), lifespan=False) as kernel,
            kernel.unit(tenant) as unit,
        ):
            await unit.db.execute("SET LOCAL statement_timeout = '1min'")
            (row,) = await unit.db.fetch(
                "SELECT created_at, id FROM ticketing.ticket WHERE tenant_id = psa.current_tenant()"
                " ORDER BY created_at DESC, id DESC LIMIT 1"
                " OFFSET (SELECT floor(count(*) * $1::float8) FROM ticketing.ticket)",
                depth,
            )
            shape = shape_for(unit, "tickets")
            binding = f"{shape.url}\n{parsed(unit, shape, 'list', PAGE.partition('?')[2]).binding}"
            cursor = seal_cursor(
                kernel.keys.derive("cursor"), tenant, "tickets", binding, [row["created_at"], row["id"]]
            )
        return f"{PAGE}&page[after]={cursor}"

    async def waits(self, number: int) -> list[float]:
        """Return the seconds from commit to end of the latest deliveries, once that many are done."""
        connection = await asyncpg.connect(self.superuser)
        try:
            async with asyncio.timeout(60):
                while True:
                    rows = await connection.fetch(
                        "SELECT extract(epoch FROM d.finished_at - o.created_at)::float8 AS seconds FROM psa.delivery d"
                        " JOIN psa.outbox o ON o.id = d.event_id AND o.tenant_id = d.tenant_id"
                        " WHERE d.state = 'done' ORDER BY d.finished_at DESC LIMIT $1",
                        number,
                    )
                    if len(rows) == number:
                        return [row["seconds"] for row in rows]
                    await asyncio.sleep(0.1)
        finally:
            await connection.close()

    def bare(self) -> Server:
        """Start the hand-written handlers to compare with."""
        return Server([str(HERE / "bare.py"), self.superuser], {})


def _at(url: str, name: str) -> str:
    return urlsplit(url)._replace(path=f"/{name}").geturl()


async def _technician(kernel: Kernel, tenant: UUID) -> str:
    account = await ensure_account(
        kernel,
        tenant,
        email="technician@example.com",
        name="Tess Technician",
        roles=("admin",),
        password="correct-horse-battery-staple",
    )
    async with kernel.unit(tenant) as unit:
        return (await make_key(unit, account, "Load", ["*"])).secret
