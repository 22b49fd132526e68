"""The door for HTML: routes outside `/api/v1`, and what a browser's session is. Shells are made with it.

A plugin with pages needs none of this; it declares `psa_sdk.ui.Page`. The plugin that renders pages implements
`psa_web_routes` and gets the whole installation's declarations.
"""

import datetime
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from types import ModuleType
from typing import Any, Literal, Protocol
from uuid import UUID

import msgspec
from litestar import Request, Response

from psa_sdk.access import Audience
from psa_sdk.context import Context
from psa_sdk.errors import Problem
from psa_sdk.manifest import Manifest
from psa_sdk.resources import Resource
from psa_sdk.routes import Method
from psa_sdk.sign_in import SessionCookie, SignInWay

WebRequest = Request[Any, Any, Any]
Values = Mapping[str, Any]
PasskeyUse = Literal["register", "confirm", "log_in"]
"""Make a passkey, show one as a second factor, or show one instead of a password."""


class WebRoute(msgspec.Struct, frozen=True, kw_only=True):
    """A route that answers browsers: `path` is absolute, errors are told by `refuse`.

    Unsafe methods are only taken from pages of the same origin, with the session's token in `X-CSRF-Token`.
    `detached` gives the database's connection back before `handle` runs, for answers without an end.
    """

    plugin: str
    method: Literal["GET", "POST"]
    path: str
    permission: str
    handle: Callable[[Context, WebRequest], Awaitable[Response[Any]]]
    refuse: Callable[[Problem, Mapping[str, Any]], Response[Any]]
    """Given the problem and the ASGI scope, what the browser is shown."""
    audience: Literal["staff", "portal", "both"] = "staff"
    detached: bool = False
    confined: tuple[str, ...] = ()
    """States of an unfinished log-in in which it is open, such as `password_expired`; elsewhere it is closed then."""
    max_body: int = 1 << 20


class WebAsset(msgspec.Struct, frozen=True, kw_only=True):
    """A path that is the same for everybody: no tenant, no log-in, no database."""

    path: str
    handle: Callable[[WebRequest], Awaitable[Response[Any]]]


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """A program that proved itself by a credential of a plugin's own; the audit log knows it by `label`."""

    id: UUID
    label: str


class ProtocolRoute(msgspec.Struct, frozen=True, kw_only=True):
    """A route of somebody else's protocol, for programs with a credential that opens nothing else.

    `identify` is given the bearer token, in a unit of work of nobody's that commits; None refuses it. No other
    credential is taken, neither sessions nor API keys. The caller holds no permission: `handle` says what is done as
    the system. What was written is committed with an answer of 4xx too that `handle` returns.
    """

    plugin: str
    method: Method
    path: str
    identify: Callable[[Context, str], Awaitable[Caller | None]]
    handle: Callable[[Context, WebRequest], Awaitable[Response[Any]]]
    refuse: Callable[[Problem, Mapping[str, Any]], Response[Any]]
    """Given the problem and the ASGI scope, what the program is told."""
    media_type: str
    body_types: tuple[str, ...]
    max_body: int = 1 << 20


class Installed(msgspec.Struct, frozen=True, kw_only=True):
    """An installed plugin."""

    name: str
    version: str
    manifest: Manifest
    module: ModuleType
    builtin: bool = False


class Installation(msgspec.Struct, frozen=True, kw_only=True):
    """All that is installed, in dependency order."""

    plugins: Mapping[str, Installed]
    resources: Mapping[str, Resource]
    resource_owner: Mapping[str, str]


class Brand(msgspec.Struct, frozen=True, kw_only=True):
    """An organisation's look: its main colour as degrees on the colour wheel, and the id of its logo's file."""

    hue: int = 268
    logo: UUID | None = None


class SecondStep(msgspec.Struct, frozen=True, kw_only=True):
    """What a browser that passed its second step goes on with; recovery codes are new and shown once."""

    cookie: SessionCookie | None
    recovery_codes: Sequence[str] = ()


class Impersonation(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody acts as another: who, until when, and why."""

    by: str
    until: datetime.datetime
    reason: str


class BrowserSession(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody's session in a browser, who has logged in to the end.

    `id` stays the same while they log in again in that browser; `SessionsEnded` tells its end. `logged_in_at` is when
    they last proved who they are, None where that isn't known: an identity provider that doesn't tell.
    """

    id: UUID
    began_at: datetime.datetime
    logged_in_at: datetime.datetime | None


class Browser(Protocol):
    """The browser that a request comes from, and the person in front of it. Provided by the platform."""

    def csrf_token(self, request: WebRequest) -> str:
        """Return the token that unsafe requests of this session must carry; empty without a session."""
        ...

    @property
    def locale(self) -> str:
        """The person's language, else the organisation's; may be empty."""
        ...

    @property
    def timezone(self) -> datetime.tzinfo:
        """The person's time zone, else the organisation's."""
        ...

    @property
    def organisation(self) -> str:
        """The tenant's name."""
        ...

    @property
    def confined(self) -> str:
        """Why only the log-in's own pages are open (`password_expired`); empty otherwise."""
        ...

    @property
    def slug(self) -> str:
        """The tenant's short name."""
        ...

    def origin(self, request: WebRequest) -> str:
        """Return the address under which the tenant is reached, such as `https://psa.example.com`."""
        ...

    @property
    def operator(self) -> bool:
        """Whether this is the place from which the operator manages the tenants of the platform."""
        ...

    async def brand(self) -> Brand:
        """Return the organisation's look."""
        ...

    def enabled(self, plugin: str) -> bool:
        """Tell whether the tenant uses a plugin."""
        ...

    async def session(self) -> BrowserSession | None:
        """Return the session of a person who is logged in; None where nobody is, to the end.

        Where the unit of work writes, it doesn't end before the commit.
        """
        ...

    async def log_in(self, audience: Audience, email: str, password: str, organisation: str) -> SessionCookie:
        """Check a password and begin a session. Raises `Unauthenticated` or `RateLimited`."""
        ...

    async def sign_in_ways(self, audience: Audience) -> Sequence[SignInWay]:
        """Return the ways to log in besides passwords that the tenant of this request set up."""
        ...

    async def second_step(self, code: str) -> SecondStep:
        """Take the code of an authenticator for the second step of a log-in, or to confirm a new one.

        Raises `Invalid` for a wrong code, `RateLimited` after too many.
        """
        ...

    def takes_passkeys(self, request: WebRequest) -> bool:
        """Tell whether browsers can use passkeys at the address of this request: a name, over TLS."""
        ...

    async def passkey_options(self, request: WebRequest, use: PasskeyUse, organisation: str = "") -> Values:
        """Return what `navigator.credentials` is given as `publicKey`; good once, for five minutes.

        Raises `Forbidden` (`step_up_required`) where another factor must be shown before one is added.
        """
        ...

    async def add_passkey(self, request: WebRequest, name: str, credential: Values) -> SecondStep:
        """Keep a passkey just made; where a second factor was wanted, the log-in goes on. Raises `Invalid`."""
        ...

    async def confirm_passkey(self, request: WebRequest, credential: Values) -> SecondStep:
        """Take a passkey for the second step of a log-in, or as proof of who one is. Raises `Invalid`."""
        ...

    async def log_in_by_passkey(
        self, request: WebRequest, audience: Audience, credential: Values, organisation: str
    ) -> SessionCookie:
        """Begin a session by a passkey alone. Raises `Unauthenticated` or `RateLimited`."""
        ...

    async def impersonation(self) -> Impersonation | None:
        """Return who really acts in this session; None where nobody is impersonated."""
        ...

    async def impersonate(self, id: UUID, reason: str) -> tuple[Audience, SessionCookie]:
        """Begin to see what somebody sees, in the shell of their audience.

        Raises `Forbidden` without the permission, a recent proof, or for who holds more; `NotFound`, `Conflict`.
        """
        ...

    async def end_impersonation(self) -> SessionCookie:
        """End it; among staff one's own session goes on with the cookie."""
        ...

    async def log_out(self) -> SessionCookie:
        """End the session, at once and for good, also from a page that only reads."""
        ...

    async def forgot_password(self, audience: Audience, email: str, organisation: str) -> None:
        """Ask for a link to set a new password; does the same, and as long, for an unknown address."""
        ...

    async def shortest_password(self, audience: Audience, token: str = "") -> int:
        """Return how many characters a new password must have, of who is logged in or holds a reset's token."""
        ...

    async def set_password(self, audience: Audience, token: str, new: str) -> None:
        """Set a password with the token of a reset or an invitation, once; raises `Invalid`."""
        ...


class LiveChange(msgspec.Struct, frozen=True, kw_only=True):
    """Something that changed, as open pages are told."""

    topic: str
    id: UUID | None = None
    account: UUID | None = None
    toast: str = ""


class LiveSource(Protocol):
    """What open pages listen to. Provided by the platform."""

    def place(self) -> int:
        """Return the place from which a page that is loaded now has to listen; ask before it reads anything."""
        ...

    def changes(self, since: int | None = None) -> AsyncIterator[tuple[int, LiveChange | None]]:
        """Iterate over what changes and the principal may know of, with its place.

        Begins with what happened from the place `since` on; a change of the topic `*` says that this isn't
        known any more. None stands for a change now and then, as a sign of life.
        """
        ...
