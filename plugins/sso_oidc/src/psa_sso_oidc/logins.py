"""A log-in through a provider: out to it, and back with its answer (OpenID Connect Core 1.0, 3.1; RFC 9207, 9700)."""

import datetime
import hashlib
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

import msgspec

from psa_sdk import Context
from psa_sdk.access import Audience
from psa_sdk.admission import Admission, Person, Refused, account_for
from psa_sdk.context import Row
from psa_sdk.errors import NotFound, Problem, Unauthenticated
from psa_sdk.sign_in import SignedIn, SignIn, Transport
from psa_sdk.sign_in_pages import link_account
from psa_sdk.signing import Signer
from psa_sdk.tables import new_id
from psa_sso_oidc import attempts
from psa_sso_oidc.api import PROVIDERS, key_of
from psa_sso_oidc.checking import registration_of
from psa_sso_oidc.exchange import Grant, Registration, authorization_url, claims_for
from psa_sso_oidc.people import person
from psa_sso_oidc.remembered import known

METHOD: Final = "oidc"
_SPEND: Final = """
INSERT INTO sso_oidc.spent_state (id, digest, expires_at) VALUES ($1, $2, $3)
ON CONFLICT (tenant_id, digest) DO NOTHING"""
_FORGET: Final = "DELETE FROM sso_oidc.spent_state WHERE expires_at < $1"


class Returned(msgspec.Struct, frozen=True, kw_only=True):
    """What a browser or a program comes back with: its secret, and the parameters of the provider's answer."""

    provider: UUID
    audience: Audience
    secret: str
    answer: Mapping[str, str]
    redirect_uri: str
    transport: Transport


async def provider_of(ctx: Context, id: UUID, audience: Audience | None = None) -> Row:
    """Return an active provider of an audience; raises `NotFound`."""
    row = await ctx.as_system().records.get(PROVIDERS, id)
    if not row["is_active"] or row["audience"] != (audience or row["audience"]):
        raise NotFound("There is no such way to log in.")
    return row


async def leave(
    ctx: Context,
    provider: Row,
    secret: str,
    redirect_uri: str,
    *,
    next_page: str = "",
    links: UUID | None = None,
) -> str:
    """Return the provider's address at which a person logs in; raises `Unauthenticated` when it is out of order."""
    attempt = attempts.begin(
        provider["id"], provider["audience"], secret, ctx.now.timestamp(), next_page, links
    )
    async with ctx.outside():
        try:
            metadata = (await known(ctx, provider["issuer"])).metadata
        except (Refused, Problem) as error:
            raise refused_login() from error
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
    if provider["preset"] == "google" and len(provider["email_domains"]) == 1:
        parameters["hd"] = provider["email_domains"][0]
    return authorization_url(metadata, parameters)


async def come_back(ctx: Context, returned: Returned) -> tuple[SignedIn | None, str]:
    """Begin a session for whom the provider's answer proves to be there; returns it and the page they wanted.

    There is no new session where an account was to be linked.

    Every refusal is audited with its reason and answered alike: raises `Unauthenticated`, `RateLimited`.
    """
    provider = await provider_of(ctx, returned.provider, returned.audience)
    registration = await registration_of(ctx, provider)
    async with ctx.outside():
        try:
            attempt = await _spent(ctx, returned)
            claims = await _proven(ctx, provider, registration, attempt, returned)
            who = person(
                claims,
                groups_claim=provider["groups_claim"],
                trusts_email=provider["trusts_email"],
                hosted_domains=provider["email_domains"] if provider["preset"] == "google" else (),
            )
            if attempt.links is not None:
                await link_account(ctx, Admission.of(key_of(provider["id"]), provider), who, attempt.links)
                return None, attempt.next_page
            begun = await _let_in(ctx, provider, who, claims.get("amr"), returned.transport)
        except Refused as refused:
            async with ctx.service(SignIn).unit() as unit:
                await unit.service(SignIn).refuse(
                    refused.reason, method=METHOD, provider=provider["name"], detail=refused.detail[:500]
                )
            raise refused_login(refused.reason) from refused
        return begun, attempt.next_page


def refused_login(reason: str = "") -> Unauthenticated:
    """Return the answer to a log-in that fails: two, since who took too long may just begin again."""
    if reason in {"state_expired", "another_browser"}:
        return Unauthenticated(
            "The log-in took too long or was begun in another browser; try again.", code="login_expired"
        )
    return Unauthenticated("The log-in didn't work; try again or ask an administrator.", code="login_refused")


async def _let_in(
    ctx: Context, provider: Row, who: Person, methods: object, transport: Transport
) -> SignedIn:
    try:
        async with ctx.service(SignIn).unit() as unit:
            account = await account_for(unit, Admission.of(key_of(provider["id"]), provider), who)
            return await unit.service(SignIn).sign_in(
                account.id,
                method=METHOD,
                transport=transport,
                # RFC 8176: the provider says that it asked for several factors.
                second_factor=isinstance(methods, list) and "mfa" in methods,
            )
    except Unauthenticated as problem:
        raise Refused("account_closed", who.email) from problem


async def _spent(ctx: Context, returned: Returned) -> attempts.Attempt:
    """Return the attempt of an answer, which counts this once, whatever comes of it."""
    state = returned.answer.get("state", "")
    attempt = attempts.unseal(ctx.service(Signer), state, returned.secret, ctx.now.timestamp())
    if (attempt.provider, attempt.audience) != (returned.provider, returned.audience):
        raise Refused("another_provider", str(attempt.provider))
    until = ctx.now + datetime.timedelta(seconds=attempts.LASTS)
    async with ctx.service(SignIn).unit() as unit:
        await unit.db.execute(_FORGET, ctx.now)
        digest = hashlib.sha256(state.encode()).hexdigest()
        spent = await unit.db.execute(_SPEND, new_id(), digest, until)
    if not spent.endswith(" 1"):
        raise Refused("state_spent")
    return attempt


async def _proven(
    ctx: Context, provider: Row, registration: Registration, attempt: attempts.Attempt, returned: Returned
) -> Mapping[str, Any]:
    """Return the claims that the answer leads to."""
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
