"""Signing people in whom somebody else vouches for: identity providers, directories.

A plugin declares a `SignInSource` in its manifest (`sign_in`). Its ways are buttons on the log-in pages and stand
behind `/auth/sso/...`. When it believes who is there, it finds the account by `ExternalIdentities` and begins the
session by `SignIn`. A plugin that checks passwords itself provides `PasswordAuthority`.
"""

import datetime
from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Literal, Protocol
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from psa_sdk.access import Audience
from psa_sdk.context import Context
from psa_sdk.identity import Account

Transport = Literal["bearer", "cookie"]
"""A program keeps tokens, a browser a cookie."""


class SessionCookie(msgspec.Struct, frozen=True, kw_only=True):
    """The cookie of a browser's session; an empty value ends it."""

    name: str
    value: str
    expires_at: datetime.datetime
    secure: bool

    def header(self) -> str:
        """Return the value of `Set-Cookie` (RFC 6265 4.1)."""
        ends = f"Expires={self.expires_at:%a, %d %b %Y %H:%M:%S GMT}" if self.value else "Max-Age=0"
        secure = "; Secure" if self.secure else ""
        return f"{self.name}={self.value}; Path=/; HttpOnly; SameSite=Lax; {ends}{secure}"


class SignInWay(msgspec.Struct, frozen=True, kw_only=True):
    """A way to log in that a tenant set up: a button. `page` is the path where a browser begins, with GET.

    `?next=` with a path of the same shell may be added to it. `key` names it to `ExternalIdentities`. To `leave` a
    browser goes on that has logged out, to log out there too; empty where that isn't wished.
    """

    id: UUID
    key: str
    title: str
    protocol: str
    page: str
    leave: str = ""


class SignInBegun(msgspec.Struct, frozen=True, kw_only=True):
    """A log-in on its way: where the person goes, and what the program keeps and hands in at the end."""

    url: str
    secret: str


class SignedIn(msgspec.Struct, frozen=True, kw_only=True):
    """A session that has begun. By `cookie` there is a cookie and no tokens.

    `confined` says what is still to be done, such as `mfa_required`; empty when nothing is.
    """

    account_id: UUID
    session_id: UUID
    access_token: str
    refresh_token: str
    expires_at: datetime.datetime
    confined: str = ""
    cookie: SessionCookie | None = None

    def __repr__(self) -> str:
        """Never show the tokens."""
        return f"SignedIn(account={self.account_id}, session={self.session_id})"


class SignInSource(Protocol):
    """A plugin's ways to log in; what a manifest declares as `sign_in`."""

    async def ways(self, ctx: Context, audience: Audience) -> Sequence[SignInWay]:
        """Return the tenant's ways for an audience, in the order of their buttons. Anybody may see them."""
        ...

    async def begin(self, ctx: Context, way: UUID, next_page: str) -> SignInBegun:
        """Begin a log-in of a program (POST /auth/sso/{provider}/initiate)."""
        ...

    async def finish(self, ctx: Context, way: UUID, secret: str, answer: Mapping[str, str]) -> SignedIn:
        """Take what the provider sent back to a program (POST /auth/sso/{provider}/callback)."""
        ...


class SignIn(Protocol):
    """Begins sessions. Provided by the platform."""

    def unit(self) -> AbstractAsyncContextManager[Context]:
        """Open a unit of work of this request as nobody in particular; it commits when it is left.

        For what stays although the request is refused; open it within `Context.outside()`, which holds no connection.
        """
        ...

    async def sign_in(
        self,
        account_id: UUID,
        *,
        method: str,
        transport: Transport = "cookie",
        second_factor: bool = False,
        provider: str = "",
        provider_session: str = "",
        authenticated_at: datetime.datetime | UnsetType | None = UNSET,
    ) -> SignedIn:
        """Begin a session of somebody whom a plugin vouches for, always with fresh identifiers, audited.

        `method` names it in the audit log ("oidc", "saml", "ldap"). `second_factor` tells that the provider
        asked for one; else the tenant's settings decide whether ours is. An invited account becomes active.
        `provider`, as `ExternalIdentities` knows it, may `end` the session by its own name of it, `provider_session`.
        `authenticated_at` is when they proved to it who they are: now unless it is given, None where it doesn't tell.
        A browser's former session ends; that of the same person goes on as this one (`psa_sdk.web.BrowserSession`).
        Raises `Unauthenticated` unless the account may log in, `Forbidden` while the tenant is suspended or the
        address isn't allowed.
        """
        ...

    async def end(self, provider: str, provider_session: str, *, reason: str) -> int | None:
        """End the sessions that a provider calls so; returns how many, None where none was ever called so."""
        ...

    async def refuse(self, reason: str, *, method: str, **detail: str) -> None:
        """Audit a log-in that was refused (`login_failed`) and count it against the network address.

        Raises `RateLimited` once there were too many. Commit afterwards.
        """
        ...


class ExternalIdentities(Protocol):
    """Which account an identity of somebody else's belongs to. Provided by the platform.

    `provider` is unique in the tenant and never reused, such as `oidc:<id of the provider>`; `subject` is the
    provider's own lasting identifier of a person, compared as it is written.
    """

    async def find(self, provider: str, subject: str) -> Account | None:
        """Return the account that an identity is linked to, whatever its status."""
        ...

    async def subjects(self, provider: str) -> Mapping[str, UUID]:
        """Return all linked accounts of a provider by subject, for synchronisation."""
        ...

    async def adopt(self, provider: str, subject: str, *, audience: Audience, email: str) -> Account | None:
        """Link the account that has a *verified* address; None when there is none.

        Raises `Forbidden` (`admin_not_adopted`) for administrators, who link by themselves in their profile, and for
        addresses that are `reserved`; `Conflict` when the account is linked to another identity of the provider.
        """
        ...

    async def reserved(self, email: str) -> bool:
        """Tell whether an address is named to break the glass (`auth.break_glass`): no provider rules over it."""
        ...

    async def link(self, provider: str, subject: str, account_id: UUID, *, tell: bool = False) -> None:
        """Link an identity to an account; `tell` its owner, in case it was somebody else's doing.

        Raises `Conflict` when either is linked otherwise at this provider.
        """
        ...

    async def unlink(
        self, provider: str, *, subject: str = "", account_id: UUID | None = None, tell: bool = False
    ) -> int:
        """Remove the links of a provider, of one subject or account if given; returns how many.

        `tell` their owners.
        """
        ...

    async def provision(
        self,
        provider: str,
        subject: str,
        *,
        audience: Audience,
        email: str,
        name: str,
        roles: Collection[str] = (),
        company_id: UUID | None = None,
        contact_id: UUID | None = None,
    ) -> Account:
        """Make a linked account without a password, active at its first log-in; `roles` are keys.

        Raises `Conflict` when the address has an account, `Invalid` for unknown roles or those of the other audience.
        """
        ...

    async def set_roles(self, account_id: UUID, roles: Collection[str], *, managed: Collection[str]) -> bool:
        """Make an account's roles among the `managed` ones exactly these, by key; tells whether any changed.

        Others stay. Raises `Conflict` where it would take away the last active administrator's role.
        """
        ...

    async def require_grantable(self, roles: Collection[str]) -> None:
        """Raise `Forbidden` unless the principal holds all that these roles give: for whoever maps groups to roles."""
        ...


class PasswordCheck(Protocol):
    """Checks one person's password at another server."""

    async def __call__(self, password: str) -> str | None:
        """Return who it is when the password is right, in words that `admit` understands, else None.

        It holds no connection of ours.
        """
        ...


class PasswordAuthority(Protocol):
    """Checks passwords in place of the platform, as a directory does. A plugin provides it."""

    async def check_of(self, audience: Audience, email: str) -> PasswordCheck | None:
        """Return what checks the password of an address; None where the platform does.

        The check raises `Unavailable` when the server can't be asked. It is never called with an empty password.
        """
        ...

    async def admit(self, audience: Audience, email: str, subject: str) -> Account | None:
        """Return the account of a person whose password was right, brought up to date; None to keep them out."""
        ...
