"""Roles: what code grants to the standard ones, what a tenant adds, and who holds what.

Code grants are merged from all manifests when they are used, never stored: a plugin installed today is
granted today, in every tenant.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final
from uuid import UUID
from weakref import WeakKeyDictionary

from psa_kernel.access import Grants
from psa_kernel.registry import Registry
from psa_sdk.access import STANDARD_ROLES
from psa_sdk.context import Context, Platform, Row
from psa_sdk.tables import new_id

if TYPE_CHECKING:
    from psa_kernel.kernel import Kernel

ADMIN_ROLES: Final = ("admin", "super_admin")
"""Holders of these keep a tenant manageable: the last active one can't go."""
PLATFORM: Final = "tenancy"
"""The plugin whose permissions reach across tenants; administrators of one tenant don't get them by themselves."""

_merged: "WeakKeyDictionary[Kernel, Mapping[str, tuple[str, ...]]]" = WeakKeyDictionary()


def code_grants(registry: Registry) -> Mapping[str, tuple[str, ...]]:
    """Return what the installed plugins grant to each role, by role key.

    A super administrator holds everything. An administrator holds everything of every plugin, except
    what the platform's own plugin reserves; that one says in its manifest what they get.
    """
    merged: dict[str, list[str]] = {key: [] for key, _, _ in STANDARD_ROLES}
    merged["super_admin"].append("*")
    for name, plugin in registry.plugins.items():
        root = name.split(".")[0]
        if root != PLATFORM and any(permission.startswith(f"{root}.") for permission in registry.permissions):
            merged["admin"].append(f"{root}.*")
        for role, grants in plugin.manifest.roles.items():
            merged.setdefault(role, []).extend(grants)
    return {role: tuple(dict.fromkeys(grants)) for role, grants in merged.items()}


def grants_of(kernel: "Kernel", role_keys: Iterable[str], stored: Iterable[str]) -> Grants:
    """Return the effective grants of someone with these roles and the tenant's stored grants of them."""
    merged = _merged.get(kernel)
    if merged is None:
        merged = _merged[kernel] = code_grants(kernel.registry)
    return Grants((*stored, *(grant for key in role_keys for grant in merged.get(key, ()))))


async def seed(ctx: Context) -> None:
    """Make the standard roles, and those that plugins bring, unless they exist. Repeatable."""
    brought = {
        role: (role, role.replace("_", " ").title(), "staff") for role in code_grants(_kernel(ctx).registry)
    }
    brought |= {key: (key, title, audience) for key, title, audience in STANDARD_ROLES}
    for key, title, audience in brought.values():
        await ctx.db.execute(
            "INSERT INTO psa.role (id, key, title, audience, standard) VALUES ($1, $2, $3, $4, true)"
            " ON CONFLICT (tenant_id, key) DO NOTHING",
            new_id(),
            key,
            title,
            audience,
        )


async def complete(platform: Platform) -> None:
    """Make the roles that plugins installed since the last start bring, in every active tenant."""
    registry: Registry = platform.registry  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType]
    if set(code_grants(registry)) == {key for key, _, _ in STANDARD_ROLES}:
        return
    for tenant_id in await platform.tenants():
        async with platform.unit(tenant_id) as unit:
            await seed(unit)


async def role_grants(ctx: Context, role_ids: Iterable[UUID]) -> Grants:
    """Return the effective grants of roles together."""
    rows = await ctx.db.fetch(
        "SELECT key, grants FROM psa.role WHERE id = ANY ($1::uuid[])", list(dict.fromkeys(role_ids))
    )
    return _effective(ctx, rows)


async def account_grants(ctx: Context, account_id: UUID) -> Grants:
    """Return the effective grants of an account, whatever its status."""
    rows = await ctx.db.fetch(
        "SELECT r.key, r.grants FROM psa.role_assignment x"
        " JOIN psa.role r ON r.tenant_id = x.tenant_id AND r.id = x.role WHERE x.account = $1",
        account_id,
    )
    return _effective(ctx, rows)


def _effective(ctx: Context, rows: Iterable[Row]) -> Grants:
    rows = list(rows)
    stored = [grant for row in rows for grant in row["grants"]]
    return grants_of(_kernel(ctx), [row["key"] for row in rows], stored)


def _kernel(ctx: Context) -> "Kernel":
    return ctx.kernel  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType]
