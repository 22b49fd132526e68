"""The kit: one tenant of a booted installation, its people, its records and its background work."""

import datetime
from collections.abc import AsyncGenerator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any
from uuid import UUID

from psa_sdk.context import Context
from psa_sdk.tables import new_id
from psa_sdk.testing.client import Client
from psa_sdk.testing.factories import Factory, Sample
from psa_sdk.testing.installation import Bench, Installation, Person, Tenancy


class Kit:
    """What a test of a plugin holds in its hands.

    `make` is the factory. In multi tenancy `await kit.neighbour()` is a second tenant.
    """

    def __init__(
        self, installation: Installation, tenant_id: UUID, slug: str, samples: Mapping[str, Sample]
    ) -> None:
        """Use `Kit.open`."""
        self.installation = installation
        self.tenant_id = tenant_id
        self.slug = slug
        self.make = Factory(self, samples)
        self._samples = samples
        self._clients: dict[Person, Client] = {}
        self._neighbour: Kit | None = None

    @classmethod
    async def open(
        cls, installation: Installation, *, samples: Mapping[str, Sample] | None = None, slug: str = ""
    ) -> "Kit":
        """Make a tenant and its kit; in single tenancy, the kit of the only tenant."""
        slug = "main" if installation.tenancy == "single" else slug or f"t{new_id().hex[-12:]}"
        return cls(installation, await installation.tenant(slug), slug, samples or {})

    @classmethod
    @asynccontextmanager
    async def alone(
        cls, bench: Bench, tenancy: Tenancy, *, samples: Mapping[str, Sample] | None = None, **options: Any
    ) -> AsyncGenerator["Kit"]:
        """Open the kit of a tenant that nobody else uses; `options` are those of `Bench.install`.

        Among many tenants that is a fresh one of a shared installation; a single one has an installation of its own.
        """
        if tenancy == "multi":
            yield await cls.open(await bench.install(tenancy, **options), samples=samples)
        else:
            async with bench.own(tenancy, **options) as installed:
                yield await cls.open(installed, samples=samples)

    async def neighbour(self) -> "Kit":
        """Return the kit of another tenant; multi tenancy only."""
        assert self.installation.tenancy == "multi", "There is one tenant only."
        if self._neighbour is None:
            self._neighbour = await Kit.open(self.installation, samples=self._samples)
            self._neighbour._neighbour = self
        return self._neighbour

    def person(self, person: Person) -> Client:
        """Return the client of a person."""
        if person not in self._clients:
            self._clients[person] = Client(self.installation, person)
        return self._clients[person]

    async def admin(self) -> Client:
        """Return the client of an administrator, who may do everything in the tenant."""
        return self.person(Person(tenant_id=self.tenant_id, roles=("admin",), name="Administrator"))

    async def staff(self, *grants: str, roles: tuple[str, ...] = (), name: str = "") -> Client:
        """Return the client of a staff member with exactly these grants and roles."""
        return self.person(Person(tenant_id=self.tenant_id, grants=grants, roles=roles, name=name))

    async def portal(
        self,
        company_id: UUID,
        *grants: str,
        contact_id: UUID | None = None,
        admin: bool = False,
        name: str = "",
    ) -> Client:
        """Return the client of a company's portal user, or of its client administrator."""
        roles = ("client_admin" if admin else "client_user",)
        return self.person(
            Person(
                tenant_id=self.tenant_id,
                audience="portal",
                roles=roles,
                grants=grants,
                company_id=company_id,
                contact_id=contact_id,
                name=name,
            )
        )

    async def api_key(self, *scopes: str, roles: tuple[str, ...] = ("admin",)) -> Client:
        """Return a client that uses an API key with these scopes; its owner has the roles."""
        return self.person(
            Person(tenant_id=self.tenant_id, roles=roles, key_scopes=scopes or ("*",), name="Key owner")
        )

    def anonymous(self) -> Client:
        """Return a client that isn't logged in."""
        return Client(self.installation, tenant=self.slug if self.installation.tenancy == "multi" else "")

    def unit(self, client: Client | None = None) -> AbstractAsyncContextManager[Context]:
        """Open a unit of work, as the system or as a client's person; it commits at the end of the block."""
        return self.installation.unit(self.tenant_id, client.person if client else None)

    async def drain(self) -> int:
        """Run all background work of the tenant, and of its neighbour, that is due, and what it causes."""
        others = (self._neighbour.tenant_id,) if self._neighbour else ()
        return await self.installation.drain(self.tenant_id, *others)

    def statements(self) -> AbstractAsyncContextManager[list[str]]:
        """Collect the SQL statements of what happens inside the block."""
        return self.installation.statements()

    @property
    def now(self) -> datetime.datetime:
        """The instant at which the clock stands."""
        return self.installation.now

    def advance(self, by: datetime.timedelta) -> None:
        """Move the clock; it stands still otherwise."""
        self.installation.advance(by)

    def number(self) -> int:
        """Return the next number, for values that must differ."""
        return next(self.installation.numbers)
