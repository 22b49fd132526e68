"""Identity providers of one protocol: records of a plugin, buttons of log-in pages, and sessions of whom they prove.

A plugin has a resource with the columns of `ProviderAttributes` and names it in an `IdentityProviders`; what is left
to it is its protocol: to send an `Attempt` away, and to prove what comes back.
"""

import base64
import datetime
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Annotated, Any, Final, TypeVar
from uuid import UUID

import msgspec
from litestar import Response
from msgspec import UNSET, Meta, UnsetType, field

from psa_sdk.access import Audience
from psa_sdk.admission import Admission, Person, Refused, account_for
from psa_sdk.context import Context, Row
from psa_sdk.errors import NotFound, Problem, Unauthenticated
from psa_sdk.resources import Change
from psa_sdk.routes import PUBLIC
from psa_sdk.sign_in import ExternalIdentities, SignedIn, SignIn, SignInWay, Transport
from psa_sdk.sign_in_pages import PREFIXES, link_account, refusal
from psa_sdk.signing import Signer, read_token, write_token
from psa_sdk.web import WebRequest, WebRoute

LASTS: Final = 600
"""Seconds that a person has at the provider."""
_BEGIN_AGAIN: Final = frozenset(("state_expired", "state_spent", "another_browser"))
Name = Annotated[str, Meta(min_length=1, max_length=80)]
Domain = Annotated[str, Meta(min_length=3, max_length=253, pattern=r"^[^\s@/]+\.[^\s@/]+$")]
RoleKey = Annotated[str, Meta(min_length=1, max_length=63)]
Handle = Callable[[Context, WebRequest], Awaitable[Response[Any]]]
AttemptKind = TypeVar("AttemptKind", bound="Attempt")


class ProviderAttributes(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What is both read and written of a provider, whatever its protocol."""

    name: Name
    audience: Annotated[Audience, Meta(description="Whose log-in has its button; final")] = "staff"
    group_roles: Annotated[
        dict[str, list[RoleKey]],
        Meta(
            max_length=500,
            description='Roles by group, such as {"Helpdesk": ["technician"]}; where any is named, groups decide at each log-in',
        ),
    ] = field(default_factory=dict[str, list[str]])
    email_domains: Annotated[
        list[Domain], Meta(max_length=100, description="Whose addresses may log in; empty: any")
    ] = field(default_factory=list[str])
    trusts_email: Annotated[
        bool, Meta(description="Its addresses count as verified although it doesn't say so")
    ] = False
    links_by_email: Annotated[
        bool,
        Meta(
            description="At the first log-in a verified address finds the account; never an administrator's"
        ),
    ] = False
    creates_accounts: Annotated[bool, Meta(description="Unknown people get an account")] = False
    is_active: bool = True
    position: Annotated[int, Meta(ge=0, le=10_000)] = 100


class Attempt(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """A log-in on its way to a provider and back, as a browser carries it; each protocol adds what it needs.

    `began_at` is in POSIX seconds, `next_page` where the person wanted to go, `links` the account that is to be
    linked in place of a log-in.
    """

    provider: UUID
    audience: Audience
    began_at: int
    next_page: str
    links: UUID | None

    def require(self, provider: UUID, audience: Audience, now: float) -> None:
        """Raise `Refused` unless it is one of this provider and still good."""
        if (self.provider, self.audience) != (provider, audience):
            raise Refused("another_provider", str(self.provider))
        if not self.began_at <= now + 1 or now > self.began_at + LASTS:
            raise Refused("state_expired")


def write_attempt(signer: Signer, purpose: str, attempt: Attempt) -> str:
    """Return the signed text that carries an attempt through a browser."""
    content = base64.urlsafe_b64encode(msgspec.json.encode(attempt))
    return write_token(signer, purpose, content.decode().rstrip("="))


def read_attempt(signer: Signer, purpose: str, kind: type[AttemptKind], text: str) -> AttemptKind:
    """Return the attempt of a text; raises `Refused` unless it is ours."""
    try:
        content = read_token(signer, purpose, text)
    except ValueError as error:
        raise Refused("state_unknown") from error
    return msgspec.json.decode(base64.urlsafe_b64decode(content + "=" * (-len(content) % 4)), type=kind)


def refused_log_in(reason: str = "") -> Unauthenticated:
    """Return the answer to a log-in that fails: two, since who took too long may just begin again."""
    if reason in _BEGIN_AGAIN:
        return Unauthenticated(
            "The log-in took too long or was begun in another browser; try again.", code="login_expired"
        )
    return Unauthenticated("The log-in didn't work; try again or ask an administrator.", code="login_refused")


class IdentityProviders(msgspec.Struct, frozen=True, kw_only=True):
    """A plugin's providers of one protocol, which is part of addresses and keys and names the method in audit logs."""

    plugin: str
    resource: str
    protocol: str

    def key_of(self, provider: UUID) -> str:
        """Return the name under which a provider's people are linked (`ExternalIdentities`)."""
        return f"{self.protocol}:{provider}"

    def path(self, audience: Audience, provider: UUID, page: str) -> str:
        """Return a page's address: each provider has its own, so that none answers for another."""
        return f"{PREFIXES[audience]}/sso/{self.protocol}/{provider}/{page}"

    def leave_path(self, audience: Audience) -> str:
        """Return where browsers go on that have logged out, to log out at their provider too."""
        return f"{PREFIXES[audience]}/sso/{self.protocol}/leave"

    def web_routes(
        self, audience: Audience, *, leave: Handle | None = None, **pages: Handle
    ) -> list[WebRoute]:
        """Return the routes of pages, which get the provider as `id`, and of `leave`, which doesn't.

        They lead back to the log-in when they refuse.
        """

        def refuse(problem: Problem, scope: Mapping[str, Any]) -> Response[Any]:
            return refusal(problem, PREFIXES[audience])

        below = f"{PREFIXES[audience]}/sso/{self.protocol}/{{id:uuid}}"
        paths = {f"{below}/{name}": handle for name, handle in pages.items()}
        if leave is not None:
            paths[self.leave_path(audience)] = leave
        return [
            WebRoute(
                plugin=self.plugin,
                method="GET",
                path=path,
                permission=PUBLIC,
                handle=handle,
                refuse=refuse,
                audience=audience,
            )
            for path, handle in paths.items()
        ]

    async def ways(self, ctx: Context, audience: Audience) -> Sequence[SignInWay]:
        """Return the active providers of an audience as buttons; each begins at its page `start`."""
        rows = await ctx.as_system().records.find(self.resource, order="position")
        return [
            SignInWay(
                id=row["id"],
                key=self.key_of(row["id"]),
                title=row["name"],
                protocol=self.protocol,
                page=self.path(audience, row["id"], "start"),
                leave=self.leave_path(audience) if row.get("logs_out") else "",
            )
            for row in rows
            if row["is_active"] and row["audience"] == audience
        ]

    async def active(self, ctx: Context, id: UUID, audience: Audience | None = None) -> Row:
        """Return an active provider, of an audience if one is given; raises `NotFound`."""
        row = await ctx.as_system().records.get(self.resource, id)
        if not row["is_active"] or row["audience"] != (audience or row["audience"]):
            raise NotFound("There is no such way to log in.")
        return row

    async def let_in(
        self,
        ctx: Context,
        provider: Row,
        who: Person,
        *,
        links: UUID | None,
        transport: Transport,
        second_factor: bool = False,
        session: str = "",
        authenticated_at: datetime.datetime | UnsetType | None = UNSET,
    ) -> SignedIn | None:
        """Begin the session of a proven person, or link them to the account that `links` names: then there is none.

        `session` is the provider's own name of it, `authenticated_at` as in `SignIn.sign_in`. Call it within
        `ctx.outside()`. Raises `Refused`.
        """
        rules = Admission.of(self.key_of(provider["id"]), provider)
        if links is not None:
            await link_account(ctx, rules, who, links)
            return None
        try:
            async with ctx.service(SignIn).unit() as unit:
                account = await account_for(unit, rules, who)
                return await unit.service(SignIn).sign_in(
                    account.id,
                    method=self.protocol,
                    transport=transport,
                    second_factor=second_factor,
                    provider=rules.key,
                    provider_session=session,
                    authenticated_at=authenticated_at,
                )
        except Unauthenticated as problem:
            raise Refused("account_closed", who.email) from problem

    async def keep_out(self, ctx: Context, provider: Row, refused: Refused) -> Unauthenticated:
        """Write a refusal down with its reason and return the answer, which doesn't tell it.

        Call it within `ctx.outside()`. Raises `RateLimited` once there were too many.
        """
        async with ctx.service(SignIn).unit() as unit:
            await unit.service(SignIn).refuse(
                refused.reason, method=self.protocol, provider=provider["name"], detail=refused.detail[:500]
            )
        return refused_log_in(refused.reason)

    async def forget_people(self, ctx: Context, change: Change) -> None:
        """Remove the links of a provider that goes: a resource's `before_delete`."""
        await ctx.service(ExternalIdentities).unlink(self.key_of(change.id))
