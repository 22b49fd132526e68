"""One booted kernel as tests see it."""

import asyncio
import datetime
import itertools
import re
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from types import ModuleType
from uuid import UUID

import asyncpg

from psa_kernel.builtin.settings import modules
from psa_kernel.builtin.tenancy.provisioning import ensure_single, provision
from psa_kernel.clock import FixedClock
from psa_kernel.database.drift import Drift, drifts
from psa_kernel.database.guard import isolation_problems
from psa_kernel.http.app import Application
from psa_kernel.http.endpoint import KEY
from psa_kernel.kernel import Kernel
from psa_kernel.registry import Inverse
from psa_kernel.testing.database import Database
from psa_kernel.testing.drain import drain
from psa_kernel.testing.people import People
from psa_sdk.context import Row
from psa_sdk.manifest import Manifest
from psa_sdk.resources import ManyToMany, Resource, ToMany, ToOne
from psa_sdk.testing.installation import Endpoint, Person, Related, Tenancy

_OPTIONS = {"HEAD", "OPTIONS"}
_LOOK_UP = re.compile(
    r"^(BEGIN|COMMIT|ROLLBACK$|NOTIFY)|psa\.(authenticate|tenant|disabled_module)\b"
    # What the driver learns of types, once for each connection.
    r"|typeinfo_tree|set_config\('jit'"
)
_collecting: ContextVar[list[str] | None] = ContextVar("psa_collecting", default=None)


class KernelInstallation:
    """Implements `psa_sdk.testing.Installation`."""

    def __init__(self, kernel: Kernel, clock: FixedClock, app: Application, database: Database) -> None:
        """Show an open kernel and its application."""
        self.kernel = kernel
        self.app = app
        self.database = database
        self.tenancy: Tenancy = kernel.config.tenancy
        registry = kernel.registry
        self.manifests: Mapping[str, Manifest] = {
            name: plugin.manifest for name, plugin in registry.plugins.items()
        }
        self.isolated: Mapping[str, str] = registry.isolated
        self.packages: Mapping[str, ModuleType] = {
            name: plugin.module for name, plugin in registry.plugins.items()
        }
        self.resources: Mapping[str, Resource] = registry.resources
        self.endpoints: Sequence[Endpoint] = _endpoints(app)
        self.numbers: Iterator[int] = itertools.count(1)
        self._clock = clock
        self._people = People(kernel)
        self._superuser: asyncpg.Connection | None = None
        self._reading = asyncio.Lock()
        self._drifts: Mapping[str, Drift] | None = None

    def owner(self, resource: str) -> str:
        """Return the plugin that declares a resource."""
        return self.kernel.registry.resource_owner[resource]

    def permission(self, resource: str, verb: str) -> str:
        """Return the permission that a verb needs."""
        return self.kernel.registry.permission(resource, verb)

    def relations(self, resource: str) -> Mapping[str, Related]:
        """Return a resource's relationships by name."""
        found = self.kernel.registry.relations(resource)
        return {name: _related(name, relation) for name, relation in found.items()}

    @property
    def now(self) -> datetime.datetime:
        """The instant at which the clock stands."""
        return self._clock.now()

    def advance(self, by: datetime.timedelta) -> None:
        """Move the clock forward."""
        self._clock.advance(by)

    async def tenant(self, slug: str) -> UUID:
        """Make the tenant with this slug and its first data; the only one in single tenancy."""
        if self.tenancy == "single":
            return await ensure_single(self.kernel)
        return await provision(self.kernel, slug=slug, name=slug)

    @asynccontextmanager
    async def unit(self, tenant_id: UUID, person: Person | None = None) -> "AsyncGenerator[object]":
        """Open a unit of work, as the system unless a person is given."""
        principal = await self._people.principal(person) if person else None
        async with self.kernel.unit(tenant_id, principal=principal) as unit:
            yield unit

    async def account(self, person: Person) -> UUID:
        """Return the id of a person's account."""
        return await self._people.account(person)

    async def credential(self, person: Person) -> str:
        """Return a bearer credential that is good now."""
        return await self._people.credential(person)

    async def drain(self, *tenants: UUID) -> int:
        """Run all background work of tenants that is due and what it causes; of all where none is named."""
        return await drain(self.kernel, *tenants)

    @asynccontextmanager
    async def statements(self) -> AsyncGenerator[list[str]]:
        """Collect the SQL statements sent by what the block calls.

        What is remembered for a moment, and so comes and goes, is left out: credentials and tenants looked up,
        what a connection learns of types, wake-ups, and the bounds of transactions.
        """
        found: list[str] = []

        def note(record: asyncpg.connection.LoggedQuery) -> None:
            # Called in the context of whoever sent it: what runs beside isn't counted.
            if _collecting.get() is found and not _LOOK_UP.search(record.query):
                found.append(record.query)

        async def everywhere(change: str) -> None:
            pool = self.kernel.pool
            held = [await pool.acquire() for _ in range(self.kernel.config.pool_size)]
            for connection in held:
                getattr(connection, change)(note)
                await pool.release(connection)

        await everywhere("add_query_logger")
        token = _collecting.set(found)
        try:
            yield found
        finally:
            _collecting.reset(token)
            await everywhere("remove_query_logger")

    async def rows(self, sql: str, *arguments: object) -> list[Row]:
        """Read the database as its superuser, past all isolation."""
        async with self._reading:
            connection = self._superuser
            if connection is None or connection.is_closed():
                connection = self._superuser = await asyncpg.connect(
                    self.database.superuser, timeout=10, statement_cache_size=0
                )
            return [dict(row) for row in await connection.fetch(sql, *arguments)]

    async def close(self) -> None:
        """Let go of the superuser's connection."""
        if self._superuser is not None:
            await self._superuser.close()

    async def isolation_problems(self) -> list[str]:
        """Return why tenants aren't provably apart."""
        async with self.kernel.pool.acquire() as connection:
            return await isolation_problems(connection, self.kernel.registry)  # pyright: ignore[reportArgumentType]

    async def drift(self, plugin: str) -> list[str]:
        """Return the statements that a plugin's declarations need beyond its migrations, as they were when first asked."""
        if self._drifts is None:
            self._drifts = await drifts(
                self.database.owner, self.kernel.registry, multi_tenant=self.tenancy == "multi"
            )
        return list(self._drifts[plugin].statements)

    async def switch(self, tenant_id: UUID, plugin: str, *, on: bool) -> None:
        """Switch a module on or off for a tenant, with what depends on it."""
        async with self.kernel.unit(tenant_id) as unit:
            await (modules.enable if on else modules.disable)(unit, plugin, cascade=True)


def _related(name: str, declared: ToOne | ToMany | ManyToMany | Inverse) -> Related:
    if isinstance(declared, ToOne):
        return Related(
            name=name,
            target=declared.target,
            kind="to_one",
            column=declared.column,
            required=declared.required,
            writable=declared.writable,
        )
    if isinstance(declared, ToMany):
        return Related(name=name, target=declared.target, kind="to_many", creates=declared.create)
    if isinstance(declared, ManyToMany):
        return Related(name=name, target=declared.target, kind="many_to_many", writable=True)
    return Related(
        name=name,
        target=declared.source,
        kind="inverse",
        writable=isinstance(declared.relation, ManyToMany),
    )


def _endpoints(app: Application) -> list[Endpoint]:
    found: list[Endpoint] = []
    for handler in app.routes.handlers:
        known = handler.opt.get(KEY)
        if known is None:
            continue
        found.extend(
            Endpoint(
                method=method,
                path=path,
                plugin=known.plugin,
                public=known.anonymous,
                audience=known.audience,
                body_types=known.body_types,
                media_type=known.media_type,
            )
            for path in sorted(handler.paths)
            for method in sorted(handler.http_methods)
            if method not in _OPTIONS
        )
    return found
