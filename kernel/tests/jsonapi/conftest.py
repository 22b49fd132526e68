"""A migrated database with two tenants, and units of work of any principal."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import httpx
import msgspec
import pytest
from litestar import Litestar

from psa_kernel.access import Grants
from psa_kernel.clock import SystemClock
from psa_kernel.config import Config
from psa_kernel.crypto import KeyRing
from psa_kernel.database.pool import open_pool
from psa_kernel.database.session import Session
from psa_kernel.http.errors import on_exception
from psa_kernel.jsonapi.read import (
    get_document,
    linkage_document,
    list_document,
    related_document,
)
from psa_kernel.jsonapi.routes import resource_handlers
from psa_kernel.kernel import Kernel
from psa_kernel.master_key import MasterKey
from psa_kernel.principal import KernelPrincipal
from psa_kernel.tenants import Tenant
from psa_kernel.testing.database import DatabaseServer, databases
from psa_kernel.unit_of_work import RequestFacts, Unit
from psa_sdk import Audience, Manifest, Who
from psa_sdk.tables import new_id
from psa_sdk.testing.jsonapi import check_document

from .library import LIBRARY, LIBRARY_BY_SQL, RATINGS, numbered, registry_of

CLIENT = numbered(0xC)


def tenant(id: UUID, disabled: frozenset[str] = frozenset()) -> Tenant:
    return Tenant(
        id=id,
        slug=f"t{id.hex}",
        name="Test",
        status="active",
        timezone=ZoneInfo("UTC"),
        currency="USD",
        locale="en",
        disabled=disabled,
    )


def somebody(
    *grants: str, audience: Audience = "staff", id: UUID | None = None, company: UUID | None = None
) -> KernelPrincipal:
    who = id or numbered(0xF)
    return KernelPrincipal(
        id=who,
        kind="user" if audience == "staff" else "contact",
        audience=audience,
        label="Somebody",
        who=Who(id=who, company_id=company),
        grants=Grants(grants),
    )


ADMIN = somebody("*")


class Library:
    """The installed test plugins in two new tenants, reading as anybody."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.here, self.elsewhere = new_id(), new_id()

    @asynccontextmanager
    async def unit(
        self,
        principal: KernelPrincipal = ADMIN,
        tenant_id: UUID | None = None,
        disabled: frozenset[str] = frozenset(),
    ) -> AsyncGenerator[Unit]:
        tenant_id = tenant_id or self.here
        session = Session(
            self.kernel.pool,
            tenant_id=tenant_id,
            multi_tenant=True,
            company_id=principal.who.company_id if principal.audience == "portal" else None,
        )
        async with session:
            yield Unit(self.kernel, session, tenant(tenant_id, disabled), principal, request=RequestFacts())

    async def add(self, table: type[Any], tenant_id: UUID | None = None, **values: Any) -> None:
        """Insert a row as the database sees it, without hooks."""
        meta = table._meta
        names = ", ".join(f'"{name}"' for name in values)
        holes = ", ".join(f"${index}" for index in range(1, len(values) + 1))
        async with self.unit(tenant_id=tenant_id) as unit:
            await unit.connection.execute(
                f'INSERT INTO "{meta.schema}"."{meta.tablename}" ({names}) VALUES ({holes})',
                *values.values(),
            )

    async def list(self, name: str, query: str = "", **options: Any) -> dict[str, Any]:
        async with self.unit(**options) as unit:
            return checked(await list_document(unit, name, query))

    async def get(self, name: str, id: UUID, query: str = "", **options: Any) -> dict[str, Any]:
        async with self.unit(**options) as unit:
            return checked((await get_document(unit, name, id, query))[0])

    async def related(
        self, name: str, id: UUID, relation: str, query: str = "", **options: Any
    ) -> dict[str, Any]:
        async with self.unit(**options) as unit:
            return checked(await related_document(unit, name, id, relation, query))

    async def linkage(
        self, name: str, id: UUID, relation: str, query: str = "", **options: Any
    ) -> dict[str, Any]:
        async with self.unit(**options) as unit:
            return checked(await linkage_document(unit, name, id, relation, query), linkage=True)


def checked(document: bytes, *, linkage: bool = False) -> dict[str, Any]:
    decoded = msgspec.json.decode(document)
    assert check_document(decoded) == []
    return decoded


@asynccontextmanager
async def _opened(
    server: DatabaseServer, root: Path, *manifests: Manifest, builtins: bool = False
) -> AsyncGenerator[Kernel]:
    registry = registry_of(root, *manifests, builtins=builtins)
    async with databases(server) as new_database:
        database = await new_database(registry, multi_tenant=True)
        pool = await open_pool(database.app, size=4)
        config = Config(tenancy="multi", data_dir=root)
        keys = KeyRing(MasterKey(bytes(range(32))), pool, multi_tenant=True)
        yield Kernel(config, registry, pool=pool, redis=None, keys=keys, clock=SystemClock())
        await pool.close()


@pytest.fixture(scope="session")
async def opened(database_server: DatabaseServer, tmp_path_factory: Any) -> AsyncGenerator[Kernel]:
    """The kernel that all libraries share."""
    async with _opened(database_server, tmp_path_factory.mktemp("library"), LIBRARY, RATINGS) as kernel:
        yield kernel


@pytest.fixture(scope="module")
def library(opened: Kernel) -> Library:
    """The library of the tests of a file, which only read in it."""
    return Library(opened)


@pytest.fixture(scope="module")
def library_by_sql(library: Library, tmp_path_factory: Any) -> Library:
    """The same records through a registry that computes no attribute in Python."""
    known = library.kernel
    registry = registry_of(tmp_path_factory.mktemp("library"), LIBRARY_BY_SQL, RATINGS)
    kernel = Kernel(known.config, registry, pool=known.pool, redis=None, keys=known.keys, clock=SystemClock())
    by_sql = Library(kernel)
    by_sql.here = library.here
    return by_sql


@pytest.fixture
def own_library(opened: Kernel) -> Library:
    """A library of a test's own, to write in."""
    return Library(opened)


class Served(Library):
    """The library with the kernel's own plugins, reached over HTTP as whoever `principal` is."""

    def __init__(self, kernel: Kernel) -> None:
        super().__init__(kernel)
        self.principal = ADMIN
        self.app = Litestar(
            route_handlers=resource_handlers(kernel),
            middleware=[self._unit],
            exception_handlers={Exception: on_exception},
            openapi_config=None,
        )
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app), base_url="http://library.example.com"
        )

    def _unit(self, app: Any) -> Any:
        async def serve(scope: Any, receive: Any, send: Any) -> None:
            scope["psa.request"] = RequestFacts()
            failed = False

            async def watched(message: Any) -> None:
                nonlocal failed
                failed = failed or message.get("status", 200) >= 400
                await send(message)

            session = Session(self.kernel.pool, tenant_id=self.here, multi_tenant=True)
            async with session:
                scope["psa.unit"] = Unit(
                    self.kernel, session, tenant(self.here), self.principal, request=RequestFacts()
                )
                await app(scope, receive, watched)
                if not session.ended:
                    await (session.rollback() if failed else session.commit())

        return serve

    async def call(
        self, method: str, path: str, body: Any = None, *, linkage: bool = False, **headers: str
    ) -> httpx.Response:
        """Send a request; its JSON:API answer is checked against the specification."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if body is not None:
            given["content-type"] = "application/vnd.api+json"
        content = None if body is None else msgspec.json.encode(body)
        answer = await self.client.request(method, path, content=content, headers=given)
        if answer.headers.get("content-type", "").startswith("application/vnd.api+json") and answer.content:
            assert check_document(answer.json()) == []
        return answer


@pytest.fixture(scope="session")
async def opened_with_builtins(
    database_server: DatabaseServer, tmp_path_factory: Any
) -> AsyncGenerator[Kernel]:
    root = tmp_path_factory.mktemp("served")
    async with _opened(database_server, root, LIBRARY, RATINGS, builtins=True) as kernel:
        yield kernel


@pytest.fixture
async def served(opened_with_builtins: Kernel) -> AsyncGenerator[Served]:
    served = Served(opened_with_builtins)
    for known in (served.here, served.elsewhere):
        async with served.unit(tenant_id=known) as unit:
            await unit.connection.execute(
                "INSERT INTO psa.tenant (id, slug, name) VALUES ($1, $2, 'Test')", known, f"t{known.hex}"
            )
    yield served
    await served.client.aclose()
