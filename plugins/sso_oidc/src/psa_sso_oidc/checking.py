"""Trying a provider out: can it be read, and does it know us?"""

from urllib.parse import urlsplit

import msgspec

from psa_sdk import Context
from psa_sdk.admission import Refused
from psa_sdk.context import Row
from psa_sdk.errors import NotFound, Problem
from psa_sdk.tables import new_id
from psa_sso_oidc import attempts
from psa_sso_oidc.api import PROVIDERS
from psa_sso_oidc.exchange import Grant, Registration, redeemed
from psa_sso_oidc.remembered import read
from psa_sso_oidc.shapes import Checked


async def registration_of(ctx: Context, provider: Row) -> Registration:
    """Return how a provider knows us."""
    try:
        secret = await ctx.as_system().reveal(PROVIDERS, provider["id"], "client_secret", shown=False)
    except NotFound:
        secret = ""
    return Registration(issuer=provider["issuer"], client_id=provider["client_id"], client_secret=secret)


async def try_out(ctx: Context, registration: Registration, redirect_uri: str) -> Checked:
    """Read a provider's metadata and keys, and show it a code that it can't know.

    It answers `invalid_grant` to a client whose id and secret are right, `invalid_client` or the like to others.
    """
    try:
        found = await read(ctx, registration.issuer)
    except (Refused, Problem) as error:
        return Checked(works=False, step="metadata", detail=str(error))
    works = Checked(
        works=True,
        detail="",
        keys=len(found.keys),
        algorithms=found.metadata.algorithms,
        ends_sessions=bool(found.metadata.end_session_endpoint),
    )
    grant = Grant(
        code=f"connection-test-{new_id().hex}",
        verifier=attempts.new_secret(),
        nonce="",
        redirect_uri=redirect_uri,
        began_at=ctx.now.timestamp(),
    )
    try:
        await redeemed(ctx, found.metadata, registration, grant)
    except Refused as refused:
        if refused.reason == "provider_unreachable" or "invalid_grant" not in refused.detail:
            host = urlsplit(found.metadata.token_endpoint).netloc
            detail = f"{host} doesn't take client id and secret: {refused.detail}"
            return msgspec.structs.replace(works, works=False, step="client", detail=detail)
    return works
