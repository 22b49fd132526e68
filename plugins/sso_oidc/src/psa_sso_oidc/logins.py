"""A log-in through a provider: out to it, and back with its answer (OpenID Connect Core 1.0, 3.1; RFC 9207, 9700)."""

import datetime
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec

from psa_sdk import Context
from psa_sdk.access import Audience
from psa_sdk.admission import Refused
from psa_sdk.context import Row
from psa_sdk.errors import Problem
from psa_sdk.identity_providers import LASTS, refused_log_in
from psa_sdk.sign_in import SignedIn, SignIn, Transport
from psa_sdk.signing import Signer
from psa_sso_oidc import attempts
from psa_sso_oidc.api import OIDC_PROVIDERS
from psa_sso_oidc.checking import registration_of
from psa_sso_oidc.exchange import Grant, Registration, claims_for, with_query
from psa_sso_oidc.id_tokens import SKEW, authenticated_at, named
from psa_sso_oidc.people import person
from psa_sso_oidc.presets import PRESETS
from psa_sso_oidc.remembered import known
from psa_sso_oidc.spent import spend


class Arrived(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who is let in: their session, none where an account was linked, and the page that they wanted.

    `id_token` is the provider's word about them, by which they can be logged out there.
    """

    begun: SignedIn | None
    next_page: str
    id_token: str

    def __repr__(self) -> str:
        """Never show the tokens."""
        return f"Arrived({self.begun!r})"


class Returned(msgspec.Struct, frozen=True, kw_only=True):
    """What a browser or a program comes back with: its secret, and the parameters of the provider's answer."""

    provider: UUID
    audience: Audience
    secret: str
    answer: Mapping[str, str]
    redirect_uri: str
    transport: Transport


async def leave(
    ctx: Context,
    provider: Row,
    secret: str,
    redirect_uri: str,
    *,
    next_page: str = "",
    links: UUID | None = None,
    anew: bool = False,
) -> str:
    """Return the provider's address at which a person logs in, `anew` if they must prove once more who they are.

    Raises `Unauthenticated` when it is out of order.
    """
    attempt = attempts.begin(
        provider["id"], provider["audience"], secret, ctx.now.timestamp(), next_page, links, anew=anew
    )
    async with ctx.outside():
        try:
            metadata = (await known(ctx, provider["issuer"])).metadata
        except (Refused, Problem) as error:
            raise refused_log_in() from error
    parameters = {
        "response_type": "code",
        "client_id": provider["client_id"],
        "redirect_uri": redirect_uri,
        "scope": provider["scopes"],
        "state": attempts.seal(ctx.service(Signer), attempt),
        "nonce": attempts.nonce(attempt, secret),
        "code_challenge": attempts.challenge(attempts.verifier(attempt, secret)),
        "code_challenge_method": "S256",
    }
    if anew:
        parameters |= {"prompt": PRESETS[provider["preset"]].prompt_anew, "max_age": "0"}
    if provider["preset"] == "google" and len(provider["email_domains"]) == 1:
        parameters["hd"] = provider["email_domains"][0]
    return with_query(metadata.authorization_endpoint, parameters)


async def come_back(ctx: Context, returned: Returned) -> Arrived:
    """Begin a session for whom the provider's answer proves to be there.

    Every refusal is audited with its reason and answered alike: raises `Unauthenticated`, `RateLimited`.
    """
    provider = await OIDC_PROVIDERS.active(ctx, returned.provider, returned.audience)
    registration = await registration_of(ctx, provider)
    async with ctx.outside():
        try:
            attempt = await _spent(ctx, returned)
            claims, id_token = await _proven(ctx, provider, registration, attempt, returned)
            who = person(
                claims,
                groups_claim=provider["groups_claim"],
                trusts_email=provider["trusts_email"],
                hosted_domains=provider["email_domains"] if provider["preset"] == "google" else (),
            )
            methods = claims.get("amr")
            begun = await OIDC_PROVIDERS.let_in(
                ctx,
                provider,
                who,
                links=attempt.links,
                transport=returned.transport,
                # RFC 8176: the provider says that it asked for several factors.
                second_factor=isinstance(methods, list) and "mfa" in methods,
                session=named(claims, "sid"),
                authenticated_at=_authenticated_at(ctx, provider, attempt, claims),
            )
        except Refused as refused:
            raise await OIDC_PROVIDERS.keep_out(ctx, provider, refused) from refused
        return Arrived(begun=begun, next_page=attempt.next_page, id_token=id_token)


def _authenticated_at(
    ctx: Context, provider: Row, attempt: attempts.Attempt, claims: Mapping[str, Any]
) -> datetime.datetime | None:
    """Return when a person proved to the provider who they are; None where it doesn't tell and wasn't made to ask.

    Raises `Refused` where that was before a log-in which had to be anew.
    """
    at = authenticated_at(claims)
    if at is None:
        asked = attempt.anew and PRESETS[provider["preset"]].prompt_anew == "login"
        return ctx.now if asked else None
    if attempt.anew:
        if at < attempt.began_at - SKEW:
            raise Refused("not_anew", "auth_time is before the log-in that had to be anew")
        at = max(at, attempt.began_at)
    return min(datetime.datetime.fromtimestamp(at, datetime.UTC), ctx.now)


async def _spent(ctx: Context, returned: Returned) -> attempts.Attempt:
    """Return the attempt of an answer, which counts this once, whatever comes of it."""
    state = returned.answer.get("state", "")
    attempt = attempts.unseal(ctx.service(Signer), state, returned.secret)
    attempt.require(returned.provider, returned.audience, ctx.now.timestamp())
    async with ctx.service(SignIn).unit() as unit:
        first = await spend(unit, state, seconds=LASTS)
    if not first:
        raise Refused("state_spent")
    return attempt


async def _proven(
    ctx: Context, provider: Row, registration: Registration, attempt: attempts.Attempt, returned: Returned
) -> tuple[Mapping[str, Any], str]:
    """Return the claims that the answer leads to, and the ID token that they are from."""
    answer = returned.answer
    try:
        metadata = (await known(ctx, registration.issuer)).metadata
        issuer = answer.get("iss")
        if issuer != registration.issuer and (issuer is not None or metadata.names_issuer):
            raise Refused("another_issuer", str(issuer)[:200])
        if answer.get("error") or not answer.get("code"):
            raise Refused("denied", f"{answer.get('error', '')} {answer.get('error_description', '')}"[:300])
        grant = Grant(
            code=answer["code"],
            verifier=attempts.verifier(attempt, returned.secret),
            nonce=attempts.nonce(attempt, returned.secret),
            redirect_uri=returned.redirect_uri,
            began_at=attempt.began_at,
            needs=("email", *([provider["groups_claim"]] if provider["group_roles"] else ())),
        )
        return await claims_for(ctx, registration, grant)
    except Problem as problem:
        raise Refused("provider_unreachable", str(problem)) from problem
