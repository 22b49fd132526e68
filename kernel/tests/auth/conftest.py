"""Two organisations with people in them, on a clock that stands still."""

import datetime
from collections.abc import AsyncGenerator
from uuid import UUID

import asyncpg
import pytest_asyncio
from msgspec.structs import replace

from psa_kernel.boot import load
from psa_kernel.builtin.auth.authenticate import identify
from psa_kernel.builtin.auth.login import Attempt, log_in
from psa_kernel.builtin.auth.provisioning import ensure_account
from psa_kernel.builtin.auth.sessions import Issued
from psa_kernel.builtin.tenancy.provisioning import provision
from psa_kernel.clock import FixedClock
from psa_kernel.config import Config
from psa_kernel.kernel import Kernel
from psa_kernel.principal import KernelPrincipal
from psa_kernel.unit_of_work import RequestFacts

PASSWORD = "violin harbour mosaic"
OTHER_PASSWORD = "copper lantern orchard"
HERE = RequestFacts(ip="192.0.2.10", user_agent="tests/1")
ELSEWHERE = RequestFacts(ip="198.51.100.20", user_agent="other/2")


class House:
    """A kernel with the tenants acme and rival, each with an administrator, and short ways to use it."""

    def __init__(self, kernel: Kernel, clock: FixedClock, superuser: str) -> None:
        self.kernel = kernel
        self.clock = clock
        self._superuser = superuser
        self.acme: UUID
        self.rival: UUID
        self.admin: UUID

    def later(self, **span: float) -> None:
        self.clock.advance(datetime.timedelta(**span))

    async def person(
        self, email: str, *roles: str, tenant: UUID | None = None, password: str = PASSWORD
    ) -> UUID:
        return await ensure_account(
            self.kernel, tenant or self.acme, email=email, roles=roles, password=password
        )

    async def log_in(
        self,
        email: str = "admin@acme.example",
        password: str = PASSWORD,
        *,
        tenant: UUID | None = None,
        request: RequestFacts = HERE,
        audience: str = "staff",
        transport: str = "bearer",
    ) -> Issued:
        attempt = Attempt(email=email, password=password, audience=audience, transport=transport)
        return await log_in(self.kernel, tenant or self.acme, attempt, request)

    async def who(self, token: str, ip: str = "192.0.2.10", **options: bool) -> KernelPrincipal:
        return await identify(self.kernel, token, ip, **options)

    async def principal(self, email: str) -> KernelPrincipal:
        return await self.who((await self.log_in(email)).access_token)

    async def sql(self, statement: str, *arguments: object) -> list[asyncpg.Record]:
        """Run a statement as the server's superuser, past every rule."""
        connection = await asyncpg.connect(self._superuser)
        try:
            return await connection.fetch(statement, *arguments)
        finally:
            await connection.close()

    async def audited(self, action: str) -> list[asyncpg.Record]:
        return await self.sql("SELECT * FROM psa.audit_entry WHERE action = $1 ORDER BY id", action)


NINE_O_CLOCK = datetime.datetime(2026, 3, 2, 9, 0, tzinfo=datetime.UTC)


@pytest_asyncio.fixture(scope="session")
async def furnished(database_server, tmp_path_factory) -> AsyncGenerator[Config]:
    """A database to copy from, with the tenants acme and rival and their administrators."""
    config = Config(data_dir=tmp_path_factory.mktemp("auth"), tenancy="multi", pool_size=6)
    registry = load(config, only=())
    database = await database_server.migrated(registry, multi_tenant=True)
    config = replace(config, database_url=database.app, owner_database_url=database.owner)
    async with Kernel.open(config, registry, clock=FixedClock(NINE_O_CLOCK), lifespan=False) as kernel:
        for slug in ("acme", "rival"):
            name, email = f"{slug.title()} Services", f"admin@{slug}.example"
            await provision(kernel, slug=slug, name=name, admin_email=email, admin_password=PASSWORD)
    yield config
    await database_server.drop(database.name)


@pytest_asyncio.fixture
async def house(database_server, furnished: Config) -> AsyncGenerator[House]:
    database = await database_server.create(furnished.database_url.rpartition("/")[2])
    config = replace(furnished, database_url=database.app, owner_database_url=database.owner)
    clock = FixedClock(NINE_O_CLOCK)
    async with Kernel.open(config, load(config, only=()), clock=clock, lifespan=False) as kernel:
        house = House(kernel, clock, database.superuser)
        for row in await house.sql("SELECT id, slug FROM psa.tenant"):
            setattr(house, row["slug"], row["id"])
        [admin] = await house.sql("SELECT id FROM psa.account WHERE email = 'admin@acme.example'")
        house.admin = admin["id"]
        yield house
    await database_server.drop(database.name)
