"""What becomes of the people whom a provider sends: accounts, disabled and brought back, never taken over."""

from collections.abc import Mapping
from typing import Any, Final
from unicodedata import normalize
from uuid import UUID

import msgspec
from scim2_models import Context as Phase
from scim2_models import InvalidValueException, UniquenessException

from psa_scim import group_roles
from psa_scim.api import PEOPLE, key_of
from psa_scim.bodies import bounded
from psa_scim.models import EnterpriseUser, User
from psa_sdk import Context
from psa_sdk.access import STANDARD_ROLES
from psa_sdk.admission import MANAGES_ACCOUNTS, domain_allowed
from psa_sdk.context import Row
from psa_sdk.errors import Conflict, Forbidden
from psa_sdk.identity import Account, Directory
from psa_sdk.sign_in import ExternalIdentities
from psa_sdk.tables import new_id

Sent = User[EnterpriseUser]
_ADMINISTRATORS: Final = frozenset(key for key, _, _ in STANDARD_ROLES[:2])
_OURS: Final = {"id", "meta", "user_name", "external_id", "active", "groups"}


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What an account takes from a provider."""

    name: str
    email: str
    phone: str
    job_title: str


def key(user_name: str) -> str:
    """Return a user name as it is compared.

    Example:
        >>> key("Ann@Example.COM")
        'ann@example.com'
    """
    return normalize("NFC", normalize("NFC", user_name).lower())


def facts(sent: Sent) -> Facts:
    """Return what an account takes of a SCIM user; raises `InvalidValueException` without an address."""
    user_name, email = sent.user_name or "", _best(sent.emails)
    if not email:
        raise InvalidValueException(detail="A user needs an address: in emails, or as userName.")
    parts = [part for part in (sent.name.given_name, sent.name.family_name) if part] if sent.name else []
    name = sent.display_name or (sent.name.formatted if sent.name else "") or " ".join(parts) or user_name
    return Facts(
        name=name.strip()[:200] or user_name[:200],
        email=email.strip(),
        phone=_best(sent.phone_numbers)[:200],
        job_title=(sent.title or "")[:200],
    )


def _best(listed: list[Any] | None) -> str:
    """Return the primary value, else that of work, else the first."""
    ranked = sorted(listed or (), key=lambda one: (not one.primary, one.type != "work"))
    return next((one.value for one in ranked if one.value), "")


async def create(ctx: Context, provider: Row, sent: Sent) -> UUID:
    """Make an account for somebody, or bring back the one that they had; returns SCIM's id.

    An account that is there already is linked only where the provider may (`links_by_email`).
    """
    wanted = facts(sent)
    known = await ctx.db.fetch_one(
        "SELECT r.* FROM scim.person r JOIN psa.account a ON a.tenant_id = r.tenant_id AND a.id = r.account"
        " WHERE r.provider = $1 AND (r.user_name_key = $2 OR (r.deleted_at IS NOT NULL AND a.email_normalised = $3))"
        " ORDER BY r.user_name_key = $2 DESC LIMIT 1",
        provider["id"],
        key(sent.user_name or ""),
        wanted.email.casefold(),
    )
    if known is not None:
        if known["deleted_at"] is None:
            raise UniquenessException(detail=f"There is a user {sent.user_name} already.")
        await _write(ctx, provider, known, sent, before=None)
        return known["id"]
    await _check_address(ctx, provider, wanted.email)
    person, identities = new_id(), ctx.service(ExternalIdentities)
    account = None
    if provider["links_by_email"]:
        try:
            account = await identities.adopt(
                key_of(provider["id"]), str(person), audience="staff", email=wanted.email
            )
        except Forbidden as error:
            raise UniquenessException(detail=f"{wanted.email} is an administrator's.") from error
    if account is None:
        account = await identities.provision(
            key_of(provider["id"]),
            str(person),
            audience="staff",
            email=wanted.email,
            name=wanted.name,
            roles=await _begins_with(ctx, provider),
        )
    active = sent.active is not False
    await ctx.records.create(
        PEOPLE, {"provider": provider["id"], "account": account.id, "active": active, **_row(sent)}, id=person
    )
    await _update_account(ctx, account, wanted, None, {} if active else {"status": "disabled"})
    return person


async def write(ctx: Context, provider: Row, person: Row, before: Sent, sent: Sent) -> None:
    """Bring somebody to what the provider says now."""
    if key(sent.user_name or "") != person["user_name_key"]:
        taken = await ctx.db.fetch_value(
            "SELECT EXISTS (SELECT FROM scim.person WHERE provider = $1 AND user_name_key = $2)",
            provider["id"],
            key(sent.user_name or ""),
        )
        if taken:
            raise UniquenessException(detail=f"There is a user {sent.user_name} already.")
    await _write(ctx, provider, person, sent, before=facts(before))


async def _write(ctx: Context, provider: Row, person: Row, sent: Sent, *, before: Facts | None) -> None:
    account = await _governed(ctx, person["account"])
    wanted, status = facts(sent), dict[str, str]()
    if wanted.email.casefold() != account.email.casefold() and (
        before is None or before.email != wanted.email
    ):
        await _check_address(ctx, provider, wanted.email)
        if await _rules_here(ctx, provider, account.id):
            raise Forbidden("An administrator's address is changed by administrators, not by a provider.")
    active = sent.active is not False
    if person["active"] and not active:
        status["status"] = "disabled"
    elif active and not person["active"] and account.status == "disabled":
        # Whom an administrator of ours disabled stays so: the provider brings back only whom it disabled.
        status["status"] = "active"
    await _update_account(ctx, account, wanted, before, status)
    values = {**_row(sent), "active": active, "deleted_at": None}
    await ctx.records.update(PEOPLE, person["id"], values)


async def delete(ctx: Context, person: Row, mapping: group_roles.Roles) -> None:
    """Disable somebody's account and take them out of all groups; the account stays, and is found again."""
    account = await _governed(ctx, person["account"])
    await _set(ctx, account, {"status": "disabled"} if account.status != "disabled" else {})
    await ctx.db.execute(
        "WITH gone AS (DELETE FROM scim.membership WHERE person = $1 RETURNING directory_group)"
        " UPDATE scim.directory_group SET version = version + 1, updated_at = $2"
        " WHERE id IN (SELECT directory_group FROM gone)",
        person["id"],
        ctx.now,
    )
    await group_roles.settle(ctx, mapping, [person["id"]])
    await ctx.records.update(PEOPLE, person["id"], {"active": False, "deleted_at": ctx.now})


async def _governed(ctx: Context, account_id: UUID) -> Account:
    """Return an account that providers rule over; raises `Forbidden` for one that breaks the glass."""
    account = (await ctx.service(Directory).users([account_id]))[account_id]
    if await ctx.service(ExternalIdentities).reserved(account.email):
        raise Forbidden(f"{account.email} is named to break the glass; no provider changes it.")
    return account


async def _check_address(ctx: Context, provider: Row, email: str) -> None:
    if not domain_allowed(email, provider["email_domains"]):
        raise InvalidValueException(detail=f"{email} is of none of the domains that this provider may send.")
    if await ctx.service(ExternalIdentities).reserved(email):
        raise UniquenessException(detail=f"{email} is named to break the glass.")


async def _rules_here(ctx: Context, provider: Row, account: UUID) -> bool:
    """Tell whether an account manages accounts by a role that the provider doesn't give."""
    directory = ctx.service(Directory)
    held = (await directory.roles([account])).get(account, ())
    own = set(held) - group_roles.managed(provider["group_roles"])
    return bool(own & _ADMINISTRATORS) or (
        bool(own) and account in {one.id for one in await directory.holders(MANAGES_ACCOUNTS)}
    )


async def _begins_with(ctx: Context, provider: Row) -> list[str]:
    if provider["default_role"] is None:
        return []
    role = await ctx.records.get("roles", provider["default_role"])
    return [role["key"]]


async def _update_account(
    ctx: Context, account: Account, wanted: Facts, before: Facts | None, status: Mapping[str, Any]
) -> None:
    """Write what the provider changed; what people changed here themselves stays until it says otherwise."""
    names = Facts.__struct_fields__
    changed = {
        name: getattr(wanted, name)
        for name in names
        if before is None or getattr(before, name) != getattr(wanted, name)
    }
    await _set(ctx, account, {**changed, **status})


async def _set(ctx: Context, account: Account, values: Mapping[str, Any]) -> None:
    if not values:
        return
    try:
        await ctx.records.update("users", account.id, values)
    except Conflict as error:
        if error.code == "last_administrator":
            raise
        raise UniquenessException(detail=f"Somebody else has the address {values.get('email')}.") from error


def _row(sent: Sent) -> dict[str, Any]:
    bounded(userName=sent.user_name, externalId=sent.external_id or None)
    document = sent.model_dump(scim_ctx=Phase.DEFAULT, exclude=_OURS)
    return {
        "user_name": sent.user_name,
        "user_name_key": key(sent.user_name or ""),
        "external_id": sent.external_id or "",
        "document": document,
    }
