"""Chosen values as they are stored, with a cache per process that is at most a second behind others.

The name, zone, currency and locale of a tenant are columns of `psa.tenant`, because they are needed before
anything else is known; here they look like every other setting.
"""

import time
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID
from weakref import WeakKeyDictionary, WeakSet

import msgspec

from psa_kernel.database.pool import Connection
from psa_kernel.database.session import Session

if TYPE_CHECKING:
    from psa_kernel.kernel import Kernel
    from psa_kernel.unit_of_work import Unit

FRESH_SECONDS: Final = 1.0
TENANT_COLUMNS: Final = ("name", "timezone", "currency", "locale")

_TENANT_VALUES = f"""
SELECT plugin, key, id, value::text AS value, secret FROM psa.setting WHERE tenant_id = $1 AND account IS NULL
UNION ALL
SELECT 'tenancy', chosen.key, tenant.id, chosen.value::text, NULL
FROM psa.tenant AS tenant,
    jsonb_each(jsonb_build_object({", ".join(f"'{name}', tenant.{name}" for name in TENANT_COLUMNS)})) AS chosen
WHERE tenant.id = $1
"""
_ACCOUNT_VALUES = """
SELECT plugin, key, id, value::text AS value, secret FROM psa.setting WHERE tenant_id = $1 AND account = $2
"""


class Stored(msgspec.Struct, frozen=True):
    """A stored value: JSON, or sealed JSON with the row it is bound to."""

    row: UUID
    value: Any = None
    secret: bytes | None = None


class Values(msgspec.Struct):
    """What one tenant or account chose, by plugin and key."""

    chosen: dict[str, dict[str, Stored]]
    loaded: float
    built: dict[tuple[str, UUID | None], Any] = {}
    """Settings objects made of it, by plugin and account."""

    def of(self, plugin: str) -> dict[str, Stored]:
        """Return a plugin's values."""
        return self.chosen.get(plugin, {})


Key = tuple[UUID, UUID | None]


class _Cache:
    def __init__(self) -> None:
        self.values: dict[Key, Values] = {}
        self.writing: WeakSet[Session] = WeakSet()

    def drop(self, tenant_id: UUID) -> None:
        for key in [key for key in self.values if key[0] == tenant_id]:
            del self.values[key]


_caches: "WeakKeyDictionary[Kernel, _Cache]" = WeakKeyDictionary()


def _cache(kernel: "Kernel") -> _Cache:
    return _caches.setdefault(kernel, _Cache())


async def load(connection: Connection, tenant_id: UUID, account: UUID | None = None) -> Values:
    """Read what a tenant, or one of its accounts, chose."""
    rows = await (
        connection.fetch(_TENANT_VALUES, tenant_id)
        if account is None
        else connection.fetch(_ACCOUNT_VALUES, tenant_id, account)
    )
    chosen: dict[str, dict[str, Stored]] = {}
    for row in rows:
        if row["value"] is None and row["secret"] is None:
            continue
        value = None if row["value"] is None else msgspec.json.decode(row["value"])
        chosen.setdefault(row["plugin"], {})[row["key"]] = Stored(row["id"], value, row["secret"])
    return Values(chosen, time.monotonic())


async def current(unit: "Unit", account: UUID | None = None) -> Values:
    """Return the chosen values, from the cache while they are fresh; a writer sees its own."""
    cache = _cache(unit.kernel)
    if unit.session in cache.writing:
        return await load(unit.connection, unit.tenant_id, account)
    key = (unit.tenant_id, account)
    known = cache.values.get(key)
    if known is None or time.monotonic() - known.loaded > FRESH_SECONDS:
        known = await load(unit.connection, unit.tenant_id, account)
        if len(cache.values) > 10_000:
            cache.values.clear()
        cache.values[key] = known
    return known


def changed(unit: "Unit") -> None:
    """Leave the cache aside for the rest of the unit, and drop the tenant's part of it at the commit."""
    cache = _cache(unit.kernel)
    cache.writing.add(unit.session)
    unit.after_commit(lambda: cache.drop(unit.tenant_id))
