"""What the platform offers to tests: booted installations, their people and a look behind the scenes.

The kernel implements these Protocols; the kit and the battery are built on them alone.
"""

import datetime
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from types import ModuleType
from typing import Any, Literal, Protocol
from uuid import UUID

import msgspec

from psa_sdk.access import Audience
from psa_sdk.context import Context, Row
from psa_sdk.manifest import Manifest
from psa_sdk.resources import Resource
from psa_sdk.tables import Column

Tenancy = Literal["multi", "single"]


class NotBooting(Exception):
    """The plugins don't start together; `problems` has a sentence for each reason."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(problems))


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody to act as, made when first needed: an account with roles and grants of its own.

    `key_scopes` makes the credential an API key with these scopes, `name` tells otherwise equal people apart.
    """

    tenant_id: UUID
    audience: Audience = "staff"
    roles: tuple[str, ...] = ()
    grants: tuple[str, ...] = ()
    company_id: UUID | None = None
    contact_id: UUID | None = None
    key_scopes: tuple[str, ...] | None = None
    name: str = ""


class Related(msgspec.Struct, frozen=True, kw_only=True):
    """A relationship of a resource, inverse ones included; `column` holds a to-one relationship."""

    name: str
    target: str
    kind: Literal["to_one", "to_many", "many_to_many", "inverse"]
    column: Column | None = None
    required: bool = False
    writable: bool = False
    creates: bool = False


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """One method of one path, as served; the path holds its parameters as `{id:uuid}`."""

    method: str
    path: str
    plugin: str
    public: bool
    audience: Literal["staff", "portal", "both"]
    body_types: tuple[str, ...]
    media_type: str


class Installation(Protocol):
    """A booted set of plugins on a database of its own; its clock stands still."""

    tenancy: Tenancy
    app: Any
    """The ASGI application."""
    manifests: Mapping[str, Manifest]
    resources: Mapping[str, Resource]
    isolated: Mapping[str, str]
    """The installed plugins that were taken off, and why."""
    packages: Mapping[str, ModuleType]
    """Each plugin's module, the one with the manifest."""
    endpoints: Sequence[Endpoint]
    numbers: Iterator[int]
    """Counts what tests make here: kits of one installation may share a tenant, and names must differ."""

    def owner(self, resource: str) -> str:
        """Return the plugin that declares a resource."""
        ...

    def permission(self, resource: str, verb: str) -> str:
        """Return the permission that a verb needs."""
        ...

    def relations(self, resource: str) -> Mapping[str, Related]:
        """Return a resource's relationships by name."""
        ...

    @property
    def now(self) -> datetime.datetime:
        """The instant at which the clock stands."""
        ...

    def advance(self, by: datetime.timedelta) -> None:
        """Move the clock forward."""
        ...

    async def tenant(self, slug: str) -> UUID:
        """Make the tenant with this slug and its first data; the only one in single tenancy."""
        ...

    def unit(self, tenant_id: UUID, person: Person | None = None) -> AbstractAsyncContextManager[Context]:
        """Open a unit of work, as the system unless a person is given."""
        ...

    async def account(self, person: Person) -> UUID:
        """Return the id of a person's account."""
        ...

    async def credential(self, person: Person) -> str:
        """Return a bearer credential that is good now."""
        ...

    async def drain(self, *tenants: UUID) -> int:
        """Run all background work of tenants that is due and what it causes; returns how much ran.

        Of all tenants where none is named.
        """
        ...

    def statements(self) -> AbstractAsyncContextManager[list[str]]:
        """Collect the SQL statements sent inside the block; one at a time."""
        ...

    async def rows(self, sql: str, *arguments: object) -> list[Row]:
        """Read the database as its superuser, past all isolation."""
        ...

    async def isolation_problems(self) -> list[str]:
        """Return why tenants aren't provably apart; multi tenancy only."""
        ...

    async def drift(self, plugin: str) -> list[str]:
        """Return the statements that a plugin's declarations need beyond its migrations."""
        ...

    async def switch(self, tenant_id: UUID, plugin: str, *, on: bool) -> None:
        """Switch a module on or off for a tenant, with what depends on it."""
        ...


class Bench(Protocol):
    """Opens installations for a test run and throws them away at its end."""

    kept: dict[Any, Any]
    """What tests of one run share; keyed by whoever keeps it."""

    async def install(
        self,
        tenancy: Tenancy = "multi",
        *,
        plugins: Sequence[str] | None = None,
        modules: Sequence[ModuleType] = (),
    ) -> Installation:
        """Boot plugins on a fast copy of a migrated database, once per run: its tests have tenants of their own.

        All installed ones, unless `plugins` names some; `modules` are added as they are. Raises `NotBooting`.
        """
        ...

    def own(
        self,
        tenancy: Tenancy = "multi",
        *,
        plugins: Sequence[str] | None = None,
        modules: Sequence[ModuleType] = (),
    ) -> AbstractAsyncContextManager[Installation]:
        """Boot plugins on a database that nobody else uses; closed and dropped at the end of the block."""
        ...
