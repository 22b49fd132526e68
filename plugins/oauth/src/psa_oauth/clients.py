"""Applications: found by their id, believed by their secret (RFC 6749 2.3)."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from urllib.parse import unquote_plus
from uuid import UUID

from psa_oauth import tokens
from psa_oauth.refusals import OAuthError
from psa_oauth.requests import ClientFacts
from psa_sdk import Context

_COLUMNS = (
    "id, name, owner, confidential, secret_hash, redirect_uris, grant_types, scopes, post_logout_redirect_uris,"
    " backchannel_logout_uri"
)


async def find(ctx: Context, client_id: str) -> ClientFacts | None:
    """Return the application of this id."""
    try:
        wanted = UUID(client_id)
    except ValueError:
        return None
    row = await ctx.db.fetch_one(f"SELECT {_COLUMNS} FROM oauth.client WHERE id = $1", wanted)
    return ClientFacts(**row) if row is not None else None


async def believed(ctx: Context, authorization: str, form: Mapping[str, Sequence[str]]) -> ClientFacts:
    """Return the application that makes a request, once it has proven itself; raises `OAuthError`.

    By Basic authentication or by parameters, never by both. Applications without a secret only name themselves:
    what they may do wants another proof, a code's verifier or a refresh token.
    """
    client_id, secret = _credentials(authorization, form)
    client = await find(ctx, client_id)
    if client is None or (client.confidential and not tokens.same(secret, client.secret_hash)):
        raise OAuthError("invalid_client", "The application isn't known, or its secret is wrong.", status=401)
    if not client.confidential and secret:
        raise OAuthError("invalid_client", "The application has no secret.", status=401)
    return client


def _credentials(authorization: str, form: Mapping[str, Sequence[str]]) -> tuple[str, str]:
    posted, secret = form.get("client_id", ("",))[-1], form.get("client_secret", ("",))[-1]
    scheme, _, packed = authorization.partition(" ")
    if not authorization:
        return posted, secret
    if scheme.lower() != "basic":
        raise OAuthError(
            "invalid_client", "Send Basic authentication, or client_id and client_secret.", status=401
        )
    try:
        text = base64.b64decode(packed.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise OAuthError("invalid_client", "The header Authorization can't be read.", status=401) from error
    named, _, shown = text.partition(":")
    named = unquote_plus(named)
    if secret or (posted and posted != named):
        raise OAuthError("invalid_request", "Prove the application in one way only.")
    return named, unquote_plus(shown)
