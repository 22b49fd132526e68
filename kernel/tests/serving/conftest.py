"""A served kernel: the whole application on a database of its own, called as clients do."""

from collections.abc import AsyncGenerator

import httpx
import msgspec
import pytest
import pytest_asyncio

from psa_kernel import logs
from psa_kernel.builtin.tenancy.provisioning import ensure_single, provision
from psa_kernel.config import Config
from psa_kernel.http.app import create_app
from psa_kernel.kernel import Kernel
from psa_kernel.testing.database import DatabaseServer
from psa_kernel.testing.registries import loaded

from .visits import visits

PASSWORD = "violin harbour mosaic"
JSON_API = "application/vnd.api+json"


@pytest.fixture(autouse=True)
def _logs(capsys):
    """Log as a server does, to the standard error of this test."""
    logs.configure("text")


class Desk:
    """An application with its kernel, and clients that speak to it."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.app = create_app(kernel)
        self.anonymous = self.client()
        self._clients: dict[str, httpx.AsyncClient] = {}

    def client(self, token: str = "", *, peer: str = "192.0.2.10", **headers: str) -> httpx.AsyncClient:
        """Return a client; headers are written with underscores."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if token:
            sent["authorization"] = f"Bearer {token}"
        transport = httpx.ASGITransport(self.app, client=(peer, 4711), raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url="http://localhost", headers=sent)

    async def log_in(self, email: str = "admin@acme.example", tenant: str = "") -> httpx.AsyncClient:
        attributes = {"email": email, "password": PASSWORD} | ({"tenant": tenant} if tenant else {})
        answer = await self.anonymous.post("/api/v1/auth/login", json={"data": {"attributes": attributes}})
        assert answer.status_code == 201, answer.text
        return self.client(answer.json()["data"]["attributes"]["access_token"])

    async def admin(self) -> httpx.AsyncClient:
        """Return the administrator's client, logged in once."""
        if "admin" not in self._clients:
            self._clients["admin"] = await self.log_in()
        return self._clients["admin"]


UNLIMITED = {"requests_per_minute": 0, "anonymous_requests_per_minute": 0, "tenant_requests_per_minute": 0}


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def desk(database_server: DatabaseServer, tmp_path_factory) -> AsyncGenerator[Desk]:
    """One tenant, single-tenant mode, with an administrator; shared by the tests that leave nothing behind."""
    config = Config(data_dir=tmp_path_factory.mktemp("desk"), **UNLIMITED)
    registry = loaded("single", (visits,))
    database = await database_server.migrated(registry, multi_tenant=False)
    config = msgspec.structs.replace(config, database_url=database.app, owner_database_url=database.owner)
    async with Kernel.open(config, registry) as kernel:
        await ensure_single(kernel, admin_email="admin@acme.example", admin_password=PASSWORD)
        yield Desk(kernel)
    await database_server.drop(database.name)


@pytest_asyncio.fixture
async def own_desk(rewound_kernel) -> AsyncGenerator[Desk]:
    """The same, for one test alone."""
    admin = {"admin_email": "admin@acme.example", "admin_password": PASSWORD}
    kernel = await rewound_kernel((visits,), multi_tenant=False, first=admin, **UNLIMITED)
    yield Desk(kernel)


@pytest_asyncio.fixture
async def house(rewound_kernel) -> AsyncGenerator[Desk]:
    """Two tenants, acme and rival, below desk.example.com."""
    kernel = await rewound_kernel(
        (visits,), public_url="https://desk.example.com", trusted_proxies=("10.0.0.0/8",)
    )
    for slug in ("acme", "rival"):
        await provision(
            kernel, slug=slug, name=slug.title(), admin_email=f"admin@{slug}.example", admin_password=PASSWORD
        )
    yield Desk(kernel)
