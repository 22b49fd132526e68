"""Kernels for tests: the built-in plugins on a database of their own."""

import itertools
from collections import defaultdict
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import msgspec
import pytest_asyncio

from psa_kernel.builtin.tenancy.provisioning import ensure_single
from psa_kernel.clock import Clock, SystemClock
from psa_kernel.config import Config
from psa_kernel.crypto import KeyRing
from psa_kernel.http.app import create_app
from psa_kernel.kernel import Kernel
from psa_kernel.testing.database import Database, NewDatabase, databases
from psa_kernel.testing.registries import loaded
from psa_kernel.testing.rewinding import Rewinding

NewKernel = Callable[..., Awaitable[Kernel]]


@asynccontextmanager
async def kernels(new_database: NewDatabase, directory: Path) -> AsyncGenerator[NewKernel]:
    """Open kernels with the built-ins and `extra` plugins; `new_kernel.databases` holds their URLs by kernel."""
    async with AsyncExitStack() as stack:
        databases = {}

        async def make(
            extra: Sequence[ModuleType] = (),
            *,
            multi_tenant: bool = True,
            clock: Clock | None = None,
            pool_size: int = 6,
            lifespan: bool = False,
            **options: object,
        ) -> Kernel:
            config = Config(
                data_dir=directory,
                tenancy="multi" if multi_tenant else "single",
                pool_size=pool_size,
                **options,
            )
            registry = loaded(config.tenancy, tuple(extra))
            database = await new_database(registry, multi_tenant=multi_tenant)
            config = msgspec.structs.replace(
                config, database_url=database.app, owner_database_url=database.owner
            )
            kernel = await stack.enter_async_context(
                Kernel.open(config, registry, clock=clock, lifespan=lifespan)
            )
            databases[kernel] = database
            return kernel

        make.databases = databases
        yield make


@pytest_asyncio.fixture
async def new_kernel(new_database, tmp_path) -> AsyncGenerator[NewKernel]:
    """Opens kernels of a test's own (see `kernels`)."""
    async with kernels(new_database, tmp_path) as make:
        yield make


@pytest_asyncio.fixture(scope="session")
async def lasting_kernel(database_server, tmp_path_factory) -> AsyncGenerator[NewKernel]:
    """Opens kernels that last as long as the run (see `kernels`), for fixtures that many tests share."""
    async with (
        databases(database_server) as new_database,
        kernels(new_database, tmp_path_factory.mktemp("lasting")) as make,
    ):
        yield make


class Rewindable:
    """Kernels on databases that are put back after each test, by what they began with."""

    def __init__(self, new_kernel: NewKernel) -> None:
        self._new_kernel = new_kernel
        self._free: dict[Any, list[tuple[Kernel, Rewinding]]] = defaultdict(list)

    @asynccontextmanager
    async def kernel(
        self,
        extra: Sequence[ModuleType],
        *,
        multi_tenant: bool,
        first: Mapping[str, str] | None,
        clock: Clock | None,
        **options: object,
    ) -> AsyncGenerator[tuple[Kernel, Database]]:
        free = self._free[tuple(extra), multi_tenant, None if first is None else tuple(first.items())]
        if not free:
            made = await self._new_kernel(extra, multi_tenant=multi_tenant)
            if first is not None:
                await ensure_single(made, **first)
            free.append((made, await Rewinding.at(self._new_kernel.databases[made].superuser)))
        base, rewinding = free.pop()
        # A kernel of the test's own remembers nothing of those before.
        kernel = Kernel(
            msgspec.structs.replace(base.config, **options),
            base.registry,
            pool=base.pool,
            redis=None,
            keys=KeyRing.open(base.config, base.pool),
            clock=clock or SystemClock(),
        )
        yield kernel, self._new_kernel.databases[base]
        await rewinding.rewind()
        free.append((base, rewinding))

    async def close(self) -> None:
        for _, rewinding in itertools.chain.from_iterable(self._free.values()):
            await rewinding.close()


@pytest_asyncio.fixture(scope="session")
async def rewindable(lasting_kernel) -> AsyncGenerator[Rewindable]:
    """The kernels that `rewound_kernel` gives out."""
    made = Rewindable(lasting_kernel)
    yield made
    await made.close()


@pytest_asyncio.fixture
async def rewound_kernel(rewindable: Rewindable) -> AsyncGenerator[NewKernel]:
    """Gives out kernels like `new_kernel`, many times as fast: for tests that change rows, not how tables are made.

    With `first`, the first tenant is there, made by `ensure_single` with these words.
    """
    async with AsyncExitStack() as stack:
        databases = {}

        async def make(
            extra: Sequence[ModuleType] = (),
            *,
            multi_tenant: bool = True,
            first: Mapping[str, str] | None = None,
            clock: Clock | None = None,
            **options: object,
        ) -> Kernel:
            opened = rewindable.kernel(extra, multi_tenant=multi_tenant, first=first, clock=clock, **options)
            kernel, database = await stack.enter_async_context(opened)
            databases[kernel] = database
            return kernel

        make.databases = databases
        yield make


Shared = Callable[..., Awaitable["Client"]]


@pytest_asyncio.fixture(scope="module")
async def shared(database_server, tmp_path_factory) -> AsyncGenerator[Shared]:
    """Opens the administrator's client of a kernel that the tests of a file share, one in each tenancy.

    `await shared(extra, multi_tenant=True)`; a file has the same `extra` plugins in all its tests.
    """
    kept: dict[bool, Client] = {}
    async with (
        databases(database_server) as new_database,
        kernels(new_database, tmp_path_factory.mktemp("shared")) as new_kernel,
        clients() as new_client,
    ):

        async def get(extra: Sequence[ModuleType] = (), *, multi_tenant: bool = True) -> Client:
            if multi_tenant not in kept:
                kernel = await new_kernel(extra, multi_tenant=multi_tenant, **UNLIMITED)
                await ensure_single(kernel, admin_email=EMAIL, admin_password=PASSWORD)
                kept[multi_tenant] = await new_client(kernel)
            return kept[multi_tenant]

        yield get


class Client:
    """Talks to a kernel's application over ASGI as one user of one tenant."""

    def __init__(self, kernel: Kernel, http: httpx.AsyncClient) -> None:
        self.kernel = kernel
        self.http = http

    async def call(self, method: str, path: str, attributes: Mapping[str, Any] | None = None, **options: Any):
        """Send a document with these attributes and return the response."""
        content = None
        headers = {"Accept": JSON_API, **options.pop("headers", {})}
        if attributes is not None:
            type_ = options.pop("type", "")
            data = (
                {"attributes": attributes} | ({"type": type_} if type_ else {}) | options.pop("document", {})
            )
            content = msgspec.json.encode({"data": data})
            headers["Content-Type"] = JSON_API
        return await self.http.request(method, f"/api/v1{path}", content=content, headers=headers, **options)

    async def get(self, path: str, **options: Any):
        return await self.call("GET", path, **options)

    async def post(self, path: str, attributes: Mapping[str, Any] | None = None, **options: Any):
        return await self.call("POST", path, attributes if attributes is not None else {}, **options)

    async def patch(self, path: str, attributes: Mapping[str, Any], **options: Any):
        return await self.call("PATCH", path, attributes, **options)


JSON_API = "application/vnd.api+json"
EMAIL = "admin@example.com"
PASSWORD = "a long enough passphrase"
UNLIMITED = {"requests_per_minute": 0, "anonymous_requests_per_minute": 0, "tenant_requests_per_minute": 0}
NewClient = Callable[..., Awaitable[Client]]


@asynccontextmanager
async def clients() -> AsyncGenerator[NewClient]:
    """Open clients: `await new_client(kernel, tenant="main")` logs in as that tenant's first administrator."""
    async with AsyncExitStack() as stack:
        apps: dict[Kernel, Any] = {}

        async def make(kernel: Kernel, *, tenant: str = "main", email: str = EMAIL) -> Client:
            if kernel not in apps:
                apps[kernel] = create_app(kernel)
            http = httpx.AsyncClient(
                transport=httpx.ASGITransport(app=apps[kernel], client=("192.0.2.7", 4711)),
                base_url="http://psa.example.com",
                headers={"X-Tenant": tenant},
            )
            client = Client(kernel, await stack.enter_async_context(http))
            if email:
                answer = await client.post(
                    "/auth/login", {"email": email, "password": PASSWORD, "tenant": tenant}
                )
                assert answer.status_code == 201, answer.text
                token = answer.json()["data"]["attributes"]["access_token"]
                http.headers["Authorization"] = f"Bearer {token}"
            return client

        yield make


@pytest_asyncio.fixture
async def new_client() -> AsyncGenerator[NewClient]:
    """Opens clients (see `clients`)."""
    async with clients() as make:
        yield make
