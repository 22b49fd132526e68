"""What happens around a change of an account, its roles or its teams."""

from typing import Final, cast
from uuid import UUID

from psa_kernel.builtin.auth.accounts import ERASED, check_email, normalise_email
from psa_kernel.builtin.auth.alerts import alert
from psa_kernel.builtin.auth.authenticate import forget_after_commit
from psa_kernel.builtin.auth.guards import keep_an_administrator, require_account_within, require_within
from psa_kernel.builtin.auth.roles import ADMIN_ROLES, role_grants
from psa_kernel.builtin.auth.sessions import end_sessions
from psa_kernel.principal import SYSTEM, KernelPrincipal
from psa_kernel.unit_of_work import Unit
from psa_sdk.context import Context
from psa_sdk.errors import Invalid
from psa_sdk.resources import Change, Pairs
from psa_sdk.values import zone_names

EMAIL_CHANGED: Final = "email_changed"


async def write_account(ctx: Context, change: Change) -> None:
    """Check and complete an account before it is created or updated."""
    assert isinstance(ctx, Unit)
    if change.changes("email"):
        change.new["email"] = check_email(change.value("email"))
        if change.new["email"].casefold().endswith(ERASED) and not _erases(ctx, change):
            raise Invalid("That address is kept for erased people.", pointer="/data/attributes/email")
        change.new["email_normalised"] = normalise_email(change.new["email"])
    check_timezone(change.value("timezone"))
    if change.verb == "create":
        # Active means allowed to log in; without a password one is invited first.
        if change.value("status") == "active":
            change.new["status"] = "invited"
        return
    if change.changes("status") and change.value("status") == "active":
        has_password = await ctx.db.fetch_value(
            "SELECT EXISTS (SELECT FROM psa.password WHERE account = $1)", change.id
        )
        if not has_password:
            change.new["status"] = "invited"
    if change.changes("status") or change.changes("email"):
        await require_account_within(ctx, change.id)
    if change.changes("email"):
        await _move(ctx, change)
    if change.changes("status") and change.value("status") == "disabled":
        await keep_an_administrator(ctx, change.id)
        await end_sessions(ctx, change.id, "account_disabled")
    forget_after_commit(ctx)


async def _move(unit: Unit, change: Change) -> None:
    """Let an account's address change: who got at the former one gets no further, and both hear of it (S11)."""
    await unit.db.execute("DELETE FROM psa.password_request WHERE account = $1", change.id)
    if not change.changes("email_normalised"):
        return
    who = cast(KernelPrincipal, unit.principal)
    here = who.session_id if who.id == change.id else None
    ended = await end_sessions(unit, change.id, EMAIL_CHANGED, but=here)
    if ended:
        await unit.audit("sessions_ended", "users", change.id, reason=EMAIL_CHANGED, count=ended)
    # Whoever never got in has nothing to lose; of an erased person the address is forgotten.
    if change.old["last_login_at"] is not None and not _erases(unit, change):
        await alert(unit, change.id, EMAIL_CHANGED, former_email=change.old["email"])


def _erases(unit: Unit, change: Change) -> bool:
    """Tell whether the platform is erasing a person: nobody else gets at an address change of which nothing is told."""
    return unit.principal is SYSTEM and change.new["email"] == f"{change.id}{ERASED}"


async def delete_account(ctx: Context, change: Change) -> None:
    """Check that an account may go."""
    assert isinstance(ctx, Unit)
    await require_account_within(ctx, change.id)
    await keep_an_administrator(ctx, change.id)
    forget_after_commit(ctx)


async def change_roles(ctx: Context, added: Pairs, removed: Pairs) -> None:
    """Check the roles that accounts gain and lose."""
    assert isinstance(ctx, Unit)
    require_within(
        ctx, await role_grants(ctx, [role for _, role in added]), "The role", "/data/relationships/roles"
    )
    for account in {account for account, _ in (*added, *removed)}:
        await require_account_within(ctx, account)
    await _same_audience(ctx, added)
    admin = await _admin_roles(ctx)
    gained = {account for account, role in added if role in admin}
    for account in {account for account, role in removed if role in admin} - gained:
        await keep_an_administrator(ctx, account)
    forget_after_commit(ctx)


async def change_team(ctx: Context, added: Pairs, removed: Pairs) -> None:
    """Let members' object scopes follow at once."""
    assert isinstance(ctx, Unit)
    forget_after_commit(ctx)


def check_timezone(name: str) -> None:
    """Raise `Invalid` for an unknown zone; empty means the tenant's."""
    if name and name not in zone_names():
        raise Invalid(
            f"{name!r} is no IANA time zone; an example is Europe/Lisbon.",
            pointer="/data/attributes/timezone",
        )


async def _admin_roles(ctx: Context) -> set[UUID]:
    rows = await ctx.db.fetch("SELECT id FROM psa.role WHERE key = ANY ($1::text[])", list(ADMIN_ROLES))
    return {row["id"] for row in rows}


async def _same_audience(ctx: Context, added: Pairs) -> None:
    wrong = await ctx.db.fetch(
        "SELECT r.title, r.audience FROM unnest($1::uuid[], $2::uuid[]) AS p (account, role)"
        " JOIN psa.account a ON a.id = p.account JOIN psa.role r ON r.id = p.role AND r.audience <> a.audience"
        " WHERE a.tenant_id = psa.current_tenant() AND r.tenant_id = psa.current_tenant()",
        [account for account, _ in added],
        [role for _, role in added],
    )
    if wrong:
        raise Invalid(
            f"The role {wrong[0]['title']} is for {wrong[0]['audience']} accounts only; choose another.",
            code="wrong_audience",
            pointer="/data/relationships/roles",
        )
