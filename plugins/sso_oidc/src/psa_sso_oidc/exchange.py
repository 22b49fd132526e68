"""A code for a person: the back channel to a provider (OpenID Connect Core 1.0, 3.1.3 and 5.3)."""

import base64
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote_plus, urlencode, urlsplit, urlunsplit

import msgspec

from psa_sdk import Context
from psa_sdk.admission import Refused
from psa_sdk.errors import Problem
from psa_sdk.network import Network
from psa_sso_oidc.discovery import Metadata
from psa_sso_oidc.id_tokens import Expected, UnknownKey, verify
from psa_sso_oidc.remembered import SECONDS, Known, fetched, known


class Registration(msgspec.Struct, frozen=True, kw_only=True):
    """How the provider knows us: issuer, client id and secret; an empty secret is a public client."""

    issuer: str
    client_id: str
    client_secret: str

    def __repr__(self) -> str:
        """Never show the secret."""
        return f"Registration({self.client_id} at {self.issuer})"


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """What came back through the browser, and what proves that it is this browser's."""

    code: str
    verifier: str
    nonce: str
    redirect_uri: str
    began_at: float
    needs: tuple[str, ...] = ()
    """Claims that are asked for at the UserInfo endpoint where the ID token hasn't got them."""


class Tokens(msgspec.Struct):
    """What a token endpoint answers."""

    id_token: str = ""
    access_token: str = ""
    error: str = ""


def with_query(endpoint: str, parameters: Mapping[str, str]) -> str:
    """Return where a browser takes parameters to; those of the endpoint's own stay."""
    parts = urlsplit(endpoint)
    return urlunsplit(parts._replace(query="&".join(filter(None, (parts.query, urlencode(parameters))))))


async def claims_for(ctx: Context, registration: Registration, grant: Grant) -> tuple[Mapping[str, Any], str]:
    """Return what the provider says about the person whose code this is, once all of it is proven, and the ID token.

    Raises `Refused` for anything that is wrong, `Problem` when the provider can't be asked.
    """
    about = await known(ctx, registration.issuer)
    tokens = await redeemed(ctx, about.metadata, registration, grant)
    expected = Expected(
        issuer=registration.issuer,
        client_id=registration.client_id,
        nonce=grant.nonce,
        algorithms=about.metadata.algorithms,
        now=ctx.now.timestamp(),
        began_at=grant.began_at,
        access_token=tokens.access_token,
    )
    claims = await _verified(ctx, about, tokens.id_token, expected)
    if all(name in claims for name in grant.needs) or not about.metadata.userinfo_endpoint:
        return claims, tokens.id_token
    more = await _userinfo(ctx, about.metadata, tokens.access_token, claims)
    return {**more, **claims}, tokens.id_token


async def _verified(ctx: Context, about: Known, token: str, expected: Expected) -> Mapping[str, Any]:
    try:
        return verify(token, about.keys, expected)
    except UnknownKey:
        fresh = await known(ctx, expected.issuer, anew=True)
        return verify(token, fresh.keys, expected)


async def redeemed(ctx: Context, metadata: Metadata, registration: Registration, grant: Grant) -> Tokens:
    """Return the tokens for a code; raises `Refused` with the provider's error."""
    form = {
        "grant_type": "authorization_code",
        "code": grant.code,
        "redirect_uri": grant.redirect_uri,
        "code_verifier": grant.verifier,
    }
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    if registration.client_secret and "client_secret_basic" in metadata.authenticates_by:
        # RFC 6749 2.3.1: both are form-encoded before they are put together.
        pair = f"{quote_plus(registration.client_id)}:{quote_plus(registration.client_secret)}"
        headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    else:
        form["client_id"] = registration.client_id
        if registration.client_secret:
            form["client_secret"] = registration.client_secret
    try:
        answer = await ctx.service(Network).request(
            "POST",
            metadata.token_endpoint,
            headers=headers,
            content=urlencode(form).encode(),
            seconds=SECONDS,
        )
    except Problem as problem:
        raise Refused("provider_unreachable", str(problem)) from problem
    try:
        tokens = msgspec.json.decode(answer.content, type=Tokens)
    except msgspec.DecodeError:
        tokens = Tokens()
    if answer.status != 200 or not tokens.id_token:
        raise Refused("code_refused", f"{answer.status} {tokens.error}"[:200])
    return tokens


async def _userinfo(
    ctx: Context, metadata: Metadata, access_token: str, claims: Mapping[str, Any]
) -> Mapping[str, Any]:
    try:
        bearer = {"Authorization": f"Bearer {access_token}"}
        found = await fetched(ctx, metadata.userinfo_endpoint, "userinfo_refused", **bearer)
    except Problem as problem:
        raise Refused("provider_unreachable", str(problem)) from problem
    if not isinstance(found, Mapping) or found.get("sub") != claims["sub"]:
        raise Refused("another_person", "UserInfo is about somebody else")
    return found
