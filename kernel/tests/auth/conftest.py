"""Two organisations with people in them, on a clock that stands still."""

import asyncio
import datetime
from collections.abc import AsyncGenerator
from uuid import UUID

import asyncpg
import httpx
import pytest_asyncio
from msgspec.structs import replace
from pyotp.totp import TOTP

from psa_kernel.builtin.auth.authenticate import identify
from psa_kernel.builtin.auth.login import Attempt, log_in
from psa_kernel.builtin.auth.provisioning import ensure_account
from psa_kernel.builtin.auth.sessions import Issued
from psa_kernel.builtin.tenancy.provisioning import provision
from psa_kernel.clock import FixedClock
from psa_kernel.config import Config
from psa_kernel.crypto import KeyRing
from psa_kernel.http.app import create_app
from psa_kernel.kernel import Kernel
from psa_kernel.principal import KernelPrincipal
from psa_kernel.testing.registries import loaded
from psa_kernel.testing.rewinding import Rewinding
from psa_kernel.unit_of_work import RequestFacts
from psa_sdk.errors import Unauthenticated

PASSWORD = "violin harbour mosaic"
OTHER_PASSWORD = "copper lantern orchard"
HERE = RequestFacts(ip="192.0.2.10", user_agent="tests/1")
ELSEWHERE = RequestFacts(ip="198.51.100.20", user_agent="other/2")


class House:
    """A kernel with the tenants acme and rival, each with an administrator, and short ways to use it."""

    def __init__(self, kernel: Kernel, clock: FixedClock, superuser: asyncpg.Connection) -> None:
        self.kernel = kernel
        self.clock = clock
        self._superuser = superuser
        self._asking = asyncio.Lock()
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

    async def is_dead(self, token: str) -> bool:
        """Tell whether an access token opens nothing any more."""
        try:
            await self.who(token)
        except Unauthenticated:
            return True
        return False

    async def principal(self, email: str) -> KernelPrincipal:
        return await self.who((await self.log_in(email)).access_token)

    async def sql(self, statement: str, *arguments: object) -> list[asyncpg.Record]:
        """Run a statement as the server's superuser, past every rule."""
        async with self._asking:
            return await self._superuser.fetch(statement, *arguments)

    async def audited(self, action: str) -> list[asyncpg.Record]:
        return await self.sql("SELECT * FROM psa.audit_entry WHERE action = $1 ORDER BY id", action)


NINE_O_CLOCK = datetime.datetime(2026, 3, 2, 9, 0, tzinfo=datetime.UTC)


class Furnished:
    """A kernel and a superuser's connection on a database with acme and rival, which each test finds as it was."""

    def __init__(self, kernel: Kernel, superuser: asyncpg.Connection, rewinding: Rewinding) -> None:
        self.kernel, self.superuser, self.rewinding = kernel, superuser, rewinding


@pytest_asyncio.fixture(scope="session")
async def furnished(database_server, tmp_path_factory) -> AsyncGenerator[Furnished]:
    config = Config(data_dir=tmp_path_factory.mktemp("auth"), tenancy="multi", pool_size=6)
    registry = loaded("multi")
    database = await database_server.migrated(registry, multi_tenant=True)
    config = replace(config, database_url=database.app, owner_database_url=database.owner)
    async with Kernel.open(config, registry, clock=FixedClock(NINE_O_CLOCK), lifespan=False) as kernel:
        for slug in ("acme", "rival"):
            name, email = f"{slug.title()} Services", f"admin@{slug}.example"
            await provision(kernel, slug=slug, name=name, admin_email=email, admin_password=PASSWORD)
        superuser = await asyncpg.connect(database.superuser)
        rewinding = await Rewinding.at(database.superuser)
        yield Furnished(kernel, superuser, rewinding)
        await superuser.close()
        await rewinding.close()
    await database_server.drop(database.name)


@pytest_asyncio.fixture
async def house(furnished: Furnished) -> AsyncGenerator[House]:
    config, registry, pool = furnished.kernel.config, furnished.kernel.registry, furnished.kernel.pool
    clock = FixedClock(NINE_O_CLOCK)
    # A new one remembers nothing of the tests before.
    keys = KeyRing.open(config, pool)
    house = House(
        Kernel(config, registry, pool=pool, redis=None, keys=keys, clock=clock), clock, furnished.superuser
    )
    for row in await house.sql(
        "SELECT t.id, t.slug, a.id AS admin FROM psa.tenant t JOIN psa.account a ON a.tenant_id = t.id"
    ):
        setattr(house, row["slug"], row["id"])
        if row["slug"] == "acme":
            house.admin = row["admin"]
    yield house
    await furnished.rewinding.rewind()


class Phone:
    """Somebody with an HTTP client and, once set up, an authenticator."""

    def __init__(self, house: House, http: httpx.AsyncClient) -> None:
        self.house, self.http = house, http
        self.token = self.secret = ""
        self.codes: list[str] = []

    async def ask(self, method: str, path: str, **attributes: object) -> httpx.Response:
        body = {"data": {"attributes": attributes}} if attributes else None
        return await self.http.request(
            method,
            f"/api/v1{path}",
            json=body,
            headers={
                "X-Tenant": "acme",
                "Content-Type": "application/vnd.api+json",
                **({"Authorization": f"Bearer {self.token}"} if self.token else {}),
            },
        )

    async def log_in(self) -> dict[str, object]:
        self.token = ""
        answer = await self.ask("POST", "/auth/login", email="admin@acme.example", password=PASSWORD)
        assert answer.status_code == 201, answer.text
        told = answer.json()["data"]["attributes"]
        self.token = told["access_token"]
        return told

    def code(self, steps: int = 0) -> str:
        return TOTP(self.secret).at(int(self.house.clock.now().timestamp()) + 30 * steps)

    async def verify(self, code: str) -> httpx.Response:
        answer = await self.ask("POST", "/auth/mfa/verify", code=code)
        token = answer.json().get("data", {}).get("attributes", {}).get("access_token")
        self.token = token or self.token
        return answer

    async def enrol(self) -> None:
        made = await self.ask("POST", "/auth/mfa/setup")
        assert made.status_code == 201, made.text
        told = made.json()["data"]["attributes"]
        assert told["otpauth_uri"].startswith("otpauth://totp/Acme%20Services:admin%40acme.example?secret=")
        assert "<svg" in told["qr_code"]
        self.secret = told["secret"]
        confirmed = await self.verify(self.code())
        assert confirmed.status_code == 200, confirmed.text
        self.codes = confirmed.json()["data"]["attributes"]["recovery_codes"]
        self.house.later(seconds=60)


@pytest_asyncio.fixture
async def phone(house: House):
    transport = httpx.ASGITransport(create_app(house.kernel))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
        phone = Phone(house, http)
        await phone.log_in()
        yield phone
