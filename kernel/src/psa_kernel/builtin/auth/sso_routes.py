"""Single sign-on over the API: what ways there are, on the way to a provider, and back. Plugins do the work."""

from collections.abc import Iterable
from typing import Annotated, cast
from uuid import UUID

import msgspec
from msgspec import Meta

from psa_kernel.builtin.auth.login_routes import SessionTokens, tokens_of
from psa_kernel.builtin.auth.sign_in import ways
from psa_kernel.unit_of_work import Unit
from psa_sdk.access import Audience
from psa_sdk.context import Context
from psa_sdk.errors import NotFound
from psa_sdk.routes import PUBLIC, Answer, AnswerList, Route, get, post
from psa_sdk.sign_in import SignInSource


class Provider(msgspec.Struct, frozen=True, kw_only=True):
    """A way to log in by single sign-on; `page` is where a browser begins."""

    name: str
    protocol: str
    page: str


class Initiate(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Where to go afterwards: a path, handed back at the end."""

    next: Annotated[str, Meta(max_length=500)] = ""


class Initiated(msgspec.Struct, frozen=True, kw_only=True):
    """Where the person logs in, and what the program keeps to finish with."""

    url: str
    secret: str


class Callback(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What the provider sent back, by name, and the secret of the beginning."""

    secret: Annotated[str, Meta(max_length=500)]
    answer: Annotated[
        dict[str, Annotated[str, Meta(max_length=500_000)]],
        Meta(max_length=20, description="Such as code and state, or SAMLResponse and RelayState"),
    ]

    def __repr__(self) -> str:
        """Never show what logs somebody in."""
        return "Callback()"


def routes(audience: Audience, prefix: str) -> Iterable[Route]:
    """Yield an audience's routes below a prefix."""

    @get(
        f"{prefix}/auth/sso/providers",
        permission=PUBLIC,
        audience="both",
        returns=Provider,
        answer_type="sso-providers",
    )
    async def providers(ctx: Context) -> AnswerList:
        """List the ways to log in by single sign-on."""
        unit = cast(Unit, ctx)
        found = await ways(unit, audience) if unit.tenant else []
        return AnswerList(
            items=[
                Answer(
                    type="sso-providers",
                    id=str(way.id),
                    attributes=Provider(name=way.title, protocol=way.protocol, page=way.page),
                )
                for _, way in found
            ]
        )

    @post(
        f"{prefix}/auth/sso/{{provider:uuid}}/initiate",
        permission=PUBLIC,
        audience="both",
        idempotent=False,
        returns=Initiated,
        answer_type="sso-log-ins",
    )
    async def initiate(ctx: Context, provider: UUID, body: Initiate) -> Answer:
        """Begin a log-in by single sign-on."""
        begun = await (await _source(ctx, audience, provider)).begin(ctx, provider, body.next)
        return Answer(
            type="sso-log-ins",
            attributes=Initiated(url=begun.url, secret=begun.secret),
            headers={"Cache-Control": "no-store"},
        )

    @post(
        f"{prefix}/auth/sso/{{provider:uuid}}/callback",
        permission=PUBLIC,
        audience="both",
        status=201,
        idempotent=False,
        returns=SessionTokens,
        answer_type="sessions",
    )
    async def callback(ctx: Context, provider: UUID, body: Callback) -> Answer:
        """Finish it with what the provider sent back."""
        source = await _source(ctx, audience, provider)
        signed = await source.finish(ctx, provider, body.secret, body.answer)
        return tokens_of(
            signed.session_id,
            signed.access_token,
            signed.refresh_token,
            signed.expires_at,
            signed.confined,
            status=201,
        )

    return providers, initiate, callback


async def _source(ctx: Context, audience: Audience, provider: UUID) -> SignInSource:
    for source, way in await ways(cast(Unit, ctx), audience):
        if way.id == provider:
            return source
    raise NotFound(f"There is no way to log in {provider}.")


ALL = (*routes("staff", ""), *routes("portal", "/portal"))
