"""What protects rights from those who manage them (AUTH-50).

Nobody gives away what they don't hold, nobody touches an account or role that holds more than they do, and the
last active administrator stays.
"""

from typing import cast
from uuid import UUID

from psa_kernel.access import Grants
from psa_kernel.builtin.auth.roles import ADMIN_ROLES, account_grants
from psa_kernel.principal import SYSTEM, KernelPrincipal
from psa_sdk.context import Context
from psa_sdk.errors import Conflict, Forbidden


def require_within(ctx: Context, grants: Grants, what: str, pointer: str | None = None) -> None:
    """Raise `Forbidden` unless the principal holds everything in these grants; an API key's scopes count too."""
    who = cast(KernelPrincipal, ctx.principal)
    if who is SYSTEM:
        return
    beyond = sorted(
        {grant for held in (who.grants, who.limit) if held is not None for grant in grants.exceeding(held)}
    )
    if beyond:
        shown = ", ".join(beyond[:5]) + (" …" if len(beyond) > 5 else "")
        raise Forbidden(
            f"{what} holds more than you do ({shown}); ask somebody who holds it too.",
            code="exceeds_own_rights",
            pointer=pointer,
            meta={"grants": beyond},
        )


async def require_account_within(ctx: Context, account_id: UUID) -> None:
    """Raise `Forbidden` when an account holds more than the principal: changing it would be taking it over."""
    if account_id != ctx.principal.id:
        require_within(ctx, await account_grants(ctx, account_id), "This account")


async def keep_an_administrator(ctx: Context, leaving: UUID) -> None:
    """Raise `Conflict` when an account is the last active administrator; two at once wait for each other."""
    await ctx.db.lock("auth.administrators")
    row = await ctx.db.fetch_one(
        "SELECT count(DISTINCT a.id) FILTER (WHERE a.id = $1) AS concerned,"
        " count(DISTINCT a.id) FILTER (WHERE a.id <> $1) AS others FROM psa.account a"
        " JOIN psa.role_assignment x ON x.tenant_id = a.tenant_id AND x.account = a.id"
        " JOIN psa.role r ON r.tenant_id = x.tenant_id AND r.id = x.role"
        " WHERE a.status = 'active' AND a.audience = 'staff' AND r.key = ANY ($2::text[])",
        leaving,
        list(ADMIN_ROLES),
    )
    assert row is not None
    if row["concerned"] and not row["others"]:
        raise Conflict(
            "This is the last active administrator; make somebody else one first.", code="last_administrator"
        )
