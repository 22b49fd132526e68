"""Makes tenants: the row, its key, every plugin's first data and the first administrator. All repeatable."""

import re
from typing import TYPE_CHECKING
from uuid import UUID

from psa_kernel.builtin.auth.provisioning import ensure_account
from psa_kernel.builtin.tenancy import SINGLE_TENANT
from psa_kernel.database.session import Session
from psa_sdk.errors import Conflict, Fault, Invalid
from psa_sdk.tables import new_id
from psa_sdk.values import zone_names

if TYPE_CHECKING:
    from psa_kernel.kernel import Kernel

_SLUG = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
FIRST_SLUG = "main"


async def provision(
    kernel: "Kernel",
    *,
    slug: str,
    name: str,
    admin_email: str = "",
    admin_password: str = "",
    timezone: str = "UTC",
    currency: str = "USD",
    locale: str = "en-US",
    tenant_id: UUID | None = None,
) -> UUID:
    """Make the tenant with this slug unless it exists, complete what is missing, and return its id.

    Without `admin_email` nobody can log in yet. Raises `Invalid` for an unusable slug or zone.
    """
    check_identity(slug, timezone)
    async with Session(kernel.pool, tenant_id=None, multi_tenant=kernel.config.multi_tenant) as session:
        await session.connection.execute(
            "INSERT INTO psa.tenant (id, slug, name, timezone, currency, locale) VALUES ($1, $2, $3, $4, $5, $6)"
            " ON CONFLICT DO NOTHING",
            tenant_id or new_id(),
            slug,
            name,
            timezone,
            currency,
            locale,
        )
        row = await session.connection.fetchrow(
            "SELECT id FROM psa.tenant WHERE id = $1 OR (slug = $2 AND $1::uuid IS NULL)", tenant_id, slug
        )
    if row is None:
        raise Conflict(f"The slug {slug} belongs to another tenant.", code="slug_taken")
    found: UUID = row["id"]
    kernel.directory.forget(found)
    await kernel.keys.ensure(found)
    await seed(kernel, found)
    if admin_email:
        # The first tenant's manages the others; elsewhere a super administrator would only look like one.
        role = "super_admin" if found == SINGLE_TENANT else "admin"
        await ensure_account(
            kernel, found, email=admin_email, name="Administrator", roles=(role,), password=admin_password
        )
    return found


async def ensure_single(
    kernel: "Kernel", *, name: str = "My organisation", admin_email: str = "", admin_password: str = ""
) -> UUID:
    """Make sure of the first tenant: the only one in single-tenant mode, the operator's own otherwise."""
    return await provision(
        kernel,
        slug=FIRST_SLUG,
        name=name,
        admin_email=admin_email,
        admin_password=admin_password,
        tenant_id=SINGLE_TENANT,
    )


async def seed(kernel: "Kernel", tenant_id: UUID) -> list[str]:
    """Run the seeds that a tenant lacks, in one unit of work; returns the plugins seeded."""
    seeded: list[str] = []
    async with kernel.unit(tenant_id) as unit:
        await unit.db.lock("seed")
        done = {row["plugin"] for row in await unit.db.fetch("SELECT plugin FROM psa.seeded_plugin")}
        for plugin in kernel.registry.plugins.values():
            if plugin.manifest.seed is None or plugin.name in done:
                continue
            await plugin.manifest.seed(unit)
            await unit.db.execute(
                "INSERT INTO psa.seeded_plugin (id, plugin) VALUES ($1, $2)", new_id(), plugin.name
            )
            seeded.append(plugin.name)
    return seeded


async def every_tenant(kernel: "Kernel") -> list[UUID]:
    """Return the ids of all tenants, suspended ones included, oldest first."""
    async with Session(kernel.pool, tenant_id=None, multi_tenant=kernel.config.multi_tenant) as session:
        rows = await session.connection.fetch("SELECT id FROM psa.tenant ORDER BY created_at, id")
    return [row["id"] for row in rows]


async def seed_all(kernel: "Kernel") -> dict[UUID, list[str]]:
    """Run the seeds that tenants lack, after plugins were installed; returns what was done."""
    done = {tenant: await seed(kernel, tenant) for tenant in await every_tenant(kernel)}
    return {tenant: plugins for tenant, plugins in done.items() if plugins}


def check_identity(slug: str, timezone: str) -> None:
    """Refuse a slug or zone that can't be used, both at once."""
    faults: list[Fault] = []
    if not _SLUG.fullmatch(slug):
        faults.append(
            Fault(
                detail=f"{slug!r} is no slug: use 1 to 63 of a-z, 0-9 and -, not at either end.",
                pointer="/data/attributes/slug",
            )
        )
    if timezone not in zone_names():
        faults.append(
            Fault(
                detail=f"{timezone!r} is no IANA time zone; an example is Europe/Lisbon.",
                pointer="/data/attributes/timezone",
            )
        )
    if faults:
        raise Invalid(faults=faults)
