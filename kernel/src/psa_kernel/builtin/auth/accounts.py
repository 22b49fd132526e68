"""Accounts as log-in and its neighbours read them."""

import datetime
import re
from typing import Final
from uuid import UUID

import msgspec

from psa_kernel.access import Grants
from psa_kernel.principal import KernelPrincipal
from psa_sdk.access import Audience, Who
from psa_sdk.context import Context, Row
from psa_sdk.errors import Invalid
from psa_sdk.identity import Account, AccountStatus

_EMAIL: Final = re.compile(r"[^\s@\x00-\x1f\"<>(),:;\\\[\]]{1,64}@[^\s@\x00-\x1f.]+(\.[^\s@\x00-\x1f.]+)*")
_LONGEST_EMAIL: Final = 254
ERASED: Final = "@erased.invalid"
"""How the addresses of erased people end."""
COLUMNS: Final = "a.id, a.audience, a.name, a.email, a.status, a.timezone, a.locale, a.company, a.contact"


def normalise_email(email: str) -> str:
    """Return the form in which addresses are compared.

    Example:
        >>> normalise_email("  Ann@Example.COM ")
        'ann@example.com'
    """
    return email.strip().casefold()


def check_email(email: str, pointer: str = "/data/attributes/email") -> str:
    """Return an address trimmed; raises `Invalid` when it can't be one."""
    trimmed = email.strip()
    if len(trimmed) > _LONGEST_EMAIL or not _EMAIL.fullmatch(trimmed):
        raise Invalid(
            f"{email[:100]!r} is no e-mail address; an example is ann@example.com.", pointer=pointer
        )
    return trimmed


class LoginFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a log-in needs to know of an account; `phc` is None while no password is set."""

    account: Account
    phc: str | None
    history: tuple[str, ...]
    changed_at: datetime.datetime | None

    @property
    def id(self) -> UUID:
        """The account's id."""
        return self.account.id


async def by_email(ctx: Context, audience: Audience, email: str) -> LoginFacts | None:
    """Find an account of an audience by its address."""
    return await _facts(ctx, "a.audience = $1 AND a.email_normalised = $2", audience, normalise_email(email))


async def by_id(ctx: Context, id: UUID) -> LoginFacts | None:
    """Find an account by its id."""
    return await _facts(ctx, "a.id = $1", id)


async def _facts(ctx: Context, where: str, *arguments: object) -> LoginFacts | None:
    row = await ctx.db.fetch_one(
        f"SELECT {COLUMNS}, p.hash, p.history, p.changed_at FROM psa.account a"
        f" LEFT JOIN psa.password p ON p.tenant_id = a.tenant_id AND p.account = a.id WHERE {where}",
        *arguments,
    )
    if row is None:
        return None
    return LoginFacts(
        account=account(row),
        phc=row["hash"],
        history=tuple(row["history"] or ()),
        changed_at=row["changed_at"],
    )


def account(row: Row) -> Account:
    """Return the public view of an account's row."""
    status: AccountStatus = row["status"]
    return Account(
        id=row["id"],
        audience=row["audience"],
        name=row["name"],
        email=row["email"],
        status=status,
        timezone=row["timezone"],
        locale=row["locale"],
        company_id=row["company"],
        contact_id=row["contact"],
    )


def acting(who: Account) -> KernelPrincipal:
    """Return an account as the author of its own log-in, reset and the like; it holds no grants."""
    return KernelPrincipal(
        id=who.id,
        kind="contact" if who.audience == "portal" else "user",
        audience=who.audience,
        label=who.name,
        who=Who(id=who.id, company_id=who.company_id, contact_id=who.contact_id),
        grants=Grants(),
    )
