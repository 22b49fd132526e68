"""Two organisations with people in them, on a clock that stands still."""

import datetime
from collections.abc import AsyncGenerator
from uuid import UUID

import asyncpg
import pytest_asyncio

from psa_kernel.builtin.auth.authenticate import identify
from psa_kernel.builtin.auth.login import Attempt, log_in
from psa_kernel.builtin.auth.provisioning import ensure_account
from psa_kernel.builtin.auth.sessions import Issued
from psa_kernel.builtin.tenancy.provisioning import provision
from psa_kernel.clock import FixedClock
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


@pytest_asyncio.fixture
async def house(new_kernel) -> AsyncGenerator[House]:
    clock = FixedClock(datetime.datetime(2026, 3, 2, 9, 0, tzinfo=datetime.UTC))
    kernel = await new_kernel(clock=clock)
    house = House(kernel, clock, new_kernel.databases[kernel].superuser)
    for slug in ("acme", "rival"):
        tenant = await provision(
            kernel,
            slug=slug,
            name=f"{slug.title()} Services",
            admin_email=f"admin@{slug}.example",
            admin_password=PASSWORD,
        )
        setattr(house, slug, tenant)
    house.admin = (await house.sql("SELECT id FROM psa.account WHERE email = 'admin@acme.example'"))[0]["id"]
    yield house
