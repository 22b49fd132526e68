"""Letting people in whom somebody else vouches for: from what is proven about a person to an account and its roles.

The same for every protocol: a plugin proves who is there, builds a `Person`, and has `account_for` apply the rules
that the tenant set up (`Admission`). Whoever is kept out is kept out by `Refused`, whose reason is for the audit log.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import msgspec

from psa_sdk.access import STANDARD_ROLES, Audience
from psa_sdk.context import Context, Row
from psa_sdk.errors import Conflict, Fault, Forbidden, Invalid
from psa_sdk.identity import Account, Directory
from psa_sdk.resources import Change
from psa_sdk.sign_in import ExternalIdentities

MANAGES_ACCOUNTS: Final = "auth.users.update"
"""Whoever holds this can become anybody: such accounts are linked by their owners only."""
_RANKS: Final = {key: rank for rank, (key, _, _) in enumerate(STANDARD_ROLES)}
_ATTRIBUTES: Final = "/data/attributes"


class Refused(Exception):
    """What a provider or a browser brought can't be believed, or lets nobody in; `reason` is a code."""

    def __init__(self, reason: str, detail: str = "") -> None:
        """Name the reason as a code."""
        self.reason = reason
        self.detail = detail
        super().__init__(f"{reason}: {detail}" if detail else reason)


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """A person as a provider knows them; `groups` is None where it doesn't tell."""

    subject: str
    email: str
    email_verified: bool
    name: str
    groups: frozenset[str] | None


class Admission(msgspec.Struct, frozen=True, kw_only=True):
    """The rules of a provider; `key` names it to `ExternalIdentities`, `group_roles` has keys of roles by group."""

    key: str
    audience: Audience
    email_domains: Sequence[str] = ()
    group_roles: Mapping[str, Sequence[str]] = {}
    default_role: UUID | None = None
    links_by_email: bool = False
    creates_accounts: bool = False

    @classmethod
    def of(cls, key: str, provider: Row) -> "Admission":
        """Return the rules that a provider's columns of the same names hold."""
        names = [name for name in cls.__struct_fields__ if name != "key"]
        return cls(key=key, **{name: provider[name] for name in names})

    @property
    def managed(self) -> list[str]:
        """The roles about which groups decide."""
        return sorted({role for roles in self.group_roles.values() for role in roles})


def domain_allowed(email: str, domains: Sequence[str]) -> bool:
    """Tell whether an address belongs to one of the domains; to any where none is named.

    Example:
        >>> domain_allowed("ann@EXAMPLE.com", ["example.com"]), domain_allowed("ann@example.com.evil", ["example.com"])
        (True, False)
    """
    _, at, domain = email.rpartition("@")
    return not domains or bool(at and domain.lower() in {one.lower() for one in domains})


def roles_for(groups: frozenset[str] | None, mapping: Mapping[str, Sequence[str]]) -> frozenset[str] | None:
    """Return the roles that groups give; None leaves roles alone, where nothing is mapped.

    Without any word about groups a mapping gives none: what isn't said isn't granted.
    """
    if not mapping:
        return None
    return frozenset(role for group in groups or () for role in mapping.get(group, ()))


def lowest(roles: frozenset[str]) -> Sequence[str]:
    """Return the role with which a new account begins: the lowest of those that its groups give (AUTH-43).

    Example:
        >>> lowest(frozenset({"admin", "technician", "manager"})), lowest(frozenset())
        (['technician'], [])
    """
    # An organisation's own roles are taken for lower than the standard ones.
    return sorted(roles, key=lambda role: (-_RANKS.get(role, len(_RANKS)), role))[:1]


async def account_for(ctx: Context, rules: Admission, who: Person) -> Account:
    """Return the account that a proven person logs in to, its roles brought up to date.

    Raises `Refused` when the rules let nobody like them in.
    """
    if not domain_allowed(who.email, rules.email_domains):
        raise Refused("domain_refused", who.email)
    identities = ctx.service(ExternalIdentities)
    roles = roles_for(who.groups, rules.group_roles)
    found = await identities.find(rules.key, who.subject)
    if found is None and rules.links_by_email and who.email_verified:
        try:
            found = await identities.adopt(rules.key, who.subject, audience=rules.audience, email=who.email)
        except (Forbidden, Conflict) as problem:
            raise Refused(problem.code, who.email) from problem
    if found is None:
        return await _made(ctx, rules, who, roles)
    if roles is not None:
        await bring_up_to_date(ctx, found.id, roles, rules.managed)
    return found


async def bring_up_to_date(
    ctx: Context, account: UUID, roles: frozenset[str], managed: Sequence[str]
) -> None:
    """Make an account's managed roles those that groups give; the last active administrator stays one (AUTH-50)."""
    identities = ctx.service(ExternalIdentities)
    try:
        async with ctx.savepoint():
            await identities.set_roles(account, roles, managed=managed)
    except Conflict:
        held = (await ctx.service(Directory).roles([account])).get(account, ())
        await identities.set_roles(account, roles | set(held), managed=managed)


async def _made(ctx: Context, rules: Admission, who: Person, roles: frozenset[str] | None) -> Account:
    if not rules.creates_accounts:
        raise Refused("unknown_person", who.email)
    if not who.email_verified:
        raise Refused("email_unverified", who.email)
    begins_with = lowest(roles or frozenset())
    if not begins_with and rules.default_role is not None:
        role = await ctx.as_system().records.get("roles", rules.default_role)
        begins_with = [role["key"]]
    if not begins_with:
        raise Refused("no_role", who.email)
    try:
        return await ctx.service(ExternalIdentities).provision(
            rules.key,
            who.subject,
            audience=rules.audience,
            email=who.email,
            name=who.name,
            roles=begins_with,
        )
    except (Conflict, Invalid) as problem:
        # Somebody has the address, and it isn't for the provider to say that they are the same.
        reason = "address_taken" if isinstance(problem, Conflict) else problem.code
        raise Refused(reason, who.email) from problem


async def check_admission(ctx: Context, change: Change, *, key: str, anchors: Collection[str]) -> None:
    """Check the rules of a provider (`key`) before it is written.

    Refuses roles that don't exist, are the other audience's or give more than whoever maps them holds, another
    audience than before, and new accounts for clients, which belong to contacts. Changed `anchors`, the columns
    that tell whose word is believed, are checked as `require_reach` does.
    """
    audience = change.value("audience")
    if change.verb == "update" and change.changes("audience"):
        raise _fault("audience", "A provider keeps its audience; set up another one.", "fixed")
    if audience == "portal" and change.value("creates_accounts"):
        raise _fault(
            "creates_accounts",
            "A client's account belongs to a contact: open it in the portal, and let the address link it.",
            "portal_accounts_are_opened",
        )
    if "email_domains" in change.new:
        change.new["email_domains"] = list(dict.fromkeys(one.lower() for one in change.new["email_domains"]))
    mapped: Mapping[str, Sequence[str]] = change.new.get("group_roles") or {}
    default: Any = change.new.get("default_role")
    if mapped or default is not None:
        await check_roles(ctx, audience, {role for roles in mapped.values() for role in roles}, default)
    if any(change.changes(name) for name in (*anchors, "links_by_email")):
        names = ("audience", "group_roles", "links_by_email")
        await require_reach(ctx, Admission(key=key, **{name: change.value(name) for name in names}))


async def require_reach(ctx: Context, rules: Admission) -> None:
    """Raise `Forbidden` unless the principal holds all that those hold for whom a provider can speak (AUTH-50).

    Whoever says where a provider is can be everybody who is linked to it, and everybody whom its groups make; where
    it links by address, anybody.
    """
    identities = ctx.service(ExternalIdentities)
    linked = await identities.subjects(rules.key)
    held = await ctx.service(Directory).roles(list(linked.values()))
    try:
        await identities.require_grantable(
            {*rules.managed, *(role for roles in held.values() for role in roles)}
        )
    except Forbidden as error:
        raise Forbidden(
            "This provider's people hold more than you; let one of them do this.", code=error.code
        ) from error
    if rules.links_by_email and not ctx.principal.allows_all(MANAGES_ACCOUNTS):
        raise Forbidden(
            "A provider that links by address speaks for any account; that needs the right to change accounts.",
            code="exceeds_own_rights",
        )


async def check_roles(ctx: Context, audience: Audience, wanted: set[str], default: UUID | None) -> None:
    """Refuse roles by key, and a default role, that don't exist for an audience or give more than the principal holds."""
    rows = await ctx.as_system().records.find("roles")
    keys = {row["key"]: row["id"] for row in rows if row["audience"] == audience}
    if missing := sorted(wanted - keys.keys()):
        raise _fault("group_roles", f"There is no {audience} role {', '.join(missing)}.", "unknown_role")
    if default is not None:
        known = [key for key, role in keys.items() if role == default]
        if not known:
            raise _fault("default_role", f"Choose a role for the audience {audience}.", "unknown_role")
        wanted.update(known)
    await ctx.service(ExternalIdentities).require_grantable(wanted)


def _fault(name: str, detail: str, code: str) -> Invalid:
    return Invalid(faults=[Fault(detail=detail, code=code, pointer=f"{_ATTRIBUTES}/{name}")])
