"""The tenant directory: facts that every request needs about its tenant, cached for seconds."""

import time
from collections.abc import Sequence
from typing import Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from psa_kernel.database.pool import Pool
from psa_kernel.database.session import Session

FRESH = 5.0
"""Seconds for which a tenant's facts are believed; a suspension takes effect everywhere within them."""
_REMEMBERED = 10_000

_FACTS = """
SELECT id, slug, name, status, timezone, currency, locale,
       ARRAY(SELECT plugin FROM psa.disabled_module WHERE tenant_id = tenant.id) AS disabled
FROM psa.tenant WHERE id = $1
"""


class Tenant(msgspec.Struct, frozen=True, kw_only=True):
    """What the platform knows of a tenant without asking; `disabled` names modules switched off."""

    id: UUID
    slug: str
    name: str
    status: Literal["active", "suspended", "deleting"]
    timezone: ZoneInfo
    currency: str
    locale: str
    disabled: frozenset[str]


class TenantDirectory:
    """Finds tenants by id, slug or verified host; several lookups share a query's answer for `FRESH` seconds."""

    def __init__(self, pool: Pool, *, multi_tenant: bool) -> None:
        """Read through the pool, outside any unit of work."""
        self._pool = pool
        self._multi_tenant = multi_tenant
        self._tenants: dict[UUID, tuple[float, Tenant]] = {}
        self._ids: dict[tuple[str, str], tuple[float, UUID | None]] = {}

    async def by_id(self, id: UUID) -> Tenant | None:
        """Return a tenant's facts, or None when there is no such tenant."""
        known = self._tenants.get(id)
        if known is not None and known[0] > time.monotonic():
            return known[1]
        async with Session(
            self._pool, tenant_id=id, multi_tenant=self._multi_tenant, readonly=True
        ) as session:
            row = await session.connection.fetchrow(_FACTS, id)
        if row is None:
            self._tenants.pop(id, None)
            return None
        tenant = Tenant(
            **{key: row[key] for key in ("id", "slug", "name", "status", "currency", "locale")},
            timezone=ZoneInfo(row["timezone"]),
            disabled=frozenset(row["disabled"]),
        )
        _room(self._tenants)
        self._tenants[id] = (time.monotonic() + FRESH, tenant)
        return tenant

    async def by_slug(self, slug: str) -> Tenant | None:
        """Return the tenant with a slug."""
        return await self._named("slug", slug, "SELECT id FROM psa.tenant WHERE slug = $1")

    async def by_host(self, host: str) -> Tenant | None:
        """Return the tenant that has proven to own a host name."""
        return await self._named(
            "host", host, "SELECT tenant FROM psa.tenant_host WHERE host = $1 AND verified_at IS NOT NULL"
        )

    async def active(self) -> Sequence[UUID]:
        """Return the ids of active tenants, oldest first."""
        async with Session(
            self._pool, tenant_id=None, multi_tenant=self._multi_tenant, readonly=True
        ) as session:
            rows = await session.connection.fetch(
                "SELECT id FROM psa.tenant WHERE status = 'active' ORDER BY id"
            )
        return [row["id"] for row in rows]

    def forget(self, id: UUID) -> None:
        """Read a tenant anew at the next lookup: after its status, name, hosts or modules changed here."""
        self._tenants.pop(id, None)
        self._ids.clear()

    async def _named(self, kind: str, name: str, query: str) -> Tenant | None:
        known = self._ids.get((kind, name))
        if known is None or known[0] <= time.monotonic():
            async with Session(
                self._pool, tenant_id=None, multi_tenant=self._multi_tenant, readonly=True
            ) as session:
                found: UUID | None = await session.connection.fetchval(query, name)
            _room(self._ids)
            known = (time.monotonic() + FRESH, found)
            self._ids[kind, name] = known
        return await self.by_id(known[1]) if known[1] is not None else None


def _room(cache: dict[Any, Any]) -> None:
    """Forget everything when a cache has grown beyond bounds, as unknown hosts can make it."""
    if len(cache) >= _REMEMBERED:
        cache.clear()
