"""From a person whom a provider vouches for to an account: linked, found by address, or made."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from psa_sdk import STANDARD_ROLES, Context
from psa_sdk.context import Row
from psa_sdk.errors import Conflict, Forbidden, Invalid
from psa_sdk.identity import Account, Directory
from psa_sdk.sign_in import ExternalIdentities
from psa_sso_oidc.people import Person, domain_allowed, roles_for
from psa_sso_oidc.refusals import Refused

_RANKS: Final = {key: rank for rank, (key, _, _) in enumerate(STANDARD_ROLES)}


def key_of(provider: UUID) -> str:
    """Return the name under which a provider's identities are linked."""
    return f"oidc:{provider}"


def managed_roles(provider: Row) -> list[str]:
    """Return the roles about which a provider's groups decide."""
    mapping: dict[str, list[str]] = provider["group_roles"] or {}
    return sorted({role for roles in mapping.values() for role in roles})


def lowest(roles: frozenset[str]) -> Sequence[str]:
    """Return the role with which a new account begins: the lowest of those that its groups give (AUTH-43).

    Example:
        >>> lowest(frozenset({"admin", "technician", "manager"})), lowest(frozenset())
        (['technician'], [])
    """
    # An organisation's own roles are taken for lower than the standard ones.
    return sorted(roles, key=lambda role: (-_RANKS.get(role, len(_RANKS)), role))[:1]


async def account_for(ctx: Context, provider: Row, who: Person) -> Account:
    """Return the account that a person of a provider logs in to, its roles brought up to date.

    Raises `Refused` when the provider's rules let nobody like them in.
    """
    if not domain_allowed(who.email, provider["email_domains"]):
        raise Refused("domain_refused", who.email)
    identities, key = ctx.service(ExternalIdentities), key_of(provider["id"])
    roles = roles_for(who.groups, provider["group_roles"] or {})
    found = await identities.find(key, who.subject)
    if found is None and provider["links_by_email"] and who.email_verified:
        try:
            found = await identities.adopt(key, who.subject, audience=provider["audience"], email=who.email)
        except (Forbidden, Conflict) as problem:
            raise Refused(problem.code, who.email) from problem
    if found is None:
        return await _made(ctx, provider, who, roles)
    if roles is not None:
        await _bring_up_to_date(ctx, found.id, roles, managed_roles(provider))
    return found


async def _bring_up_to_date(ctx: Context, account: UUID, roles: frozenset[str], managed: list[str]) -> None:
    identities = ctx.service(ExternalIdentities)
    try:
        async with ctx.savepoint():
            await identities.set_roles(account, roles, managed=managed)
    except Conflict:
        # The last active administrator stays one, whatever groups say (AUTH-50).
        held = (await ctx.service(Directory).roles([account])).get(account, ())
        await identities.set_roles(account, roles | set(held), managed=managed)


async def _made(ctx: Context, provider: Row, who: Person, roles: frozenset[str] | None) -> Account:
    if not provider["creates_accounts"]:
        raise Refused("unknown_person", who.email)
    if not who.email_verified:
        raise Refused("email_unverified", who.email)
    begins_with = lowest(roles or frozenset())
    if not begins_with and provider["default_role"] is not None:
        role = await ctx.as_system().records.get("roles", provider["default_role"])
        begins_with = [role["key"]]
    if not begins_with:
        raise Refused("no_role", who.email)
    try:
        return await ctx.service(ExternalIdentities).provision(
            key_of(provider["id"]),
            who.subject,
            audience=provider["audience"],
            email=who.email,
            name=who.name,
            roles=begins_with,
        )
    except (Conflict, Invalid) as problem:
        # Somebody has the address, and it isn't for the provider to say that they are the same.
        raise Refused(
            "address_taken" if isinstance(problem, Conflict) else problem.code, who.email
        ) from problem
