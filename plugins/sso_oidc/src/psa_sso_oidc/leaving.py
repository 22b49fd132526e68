"""Logging out with a provider: there too when somebody logs out here, and here when they did there.

OpenID Connect RP-Initiated Logout 1.0 and Back-Channel Logout 1.0.
"""

from collections.abc import Mapping
from typing import Any, Final

from psa_sdk import Context
from psa_sdk.admission import Refused
from psa_sdk.context import Row
from psa_sdk.errors import Problem
from psa_sdk.identity import Directory
from psa_sdk.sign_in import ExternalIdentities, SignIn
from psa_sso_oidc.api import OIDC_PROVIDERS
from psa_sso_oidc.exchange import with_query
from psa_sso_oidc.id_tokens import LATEST, Expected, UnknownKey, named, verify_logout
from psa_sso_oidc.remembered import known
from psa_sso_oidc.spent import spend

_BECAUSE: Final = "logged_out_at_provider"


async def logout_address(ctx: Context, provider: Row, id_token: str, back: str) -> str:
    """Return where a browser logs out at a provider, to come `back` then; empty where it can't."""
    if not provider["logs_out"]:
        return ""
    try:
        async with ctx.outside():
            endpoint = (await known(ctx, provider["issuer"])).metadata.end_session_endpoint
    except (Refused, Problem):
        return ""
    hint = {"id_token_hint": id_token} if id_token else {}
    asked = {"client_id": provider["client_id"], "post_logout_redirect_uri": back, **hint}
    return with_query(endpoint, asked) if endpoint else ""


async def logged_out(ctx: Context, provider: Row, token: str) -> int:
    """End the sessions of whom a provider's logout token is about; returns how many.

    One session of theirs where the provider names one that it let in, else all. Raises `Refused`.
    """
    async with ctx.outside():
        claims = await _proven(ctx, provider, token)
        async with ctx.service(SignIn).unit() as unit:
            if not await spend(unit, f"logout {provider['id']} {claims['jti']}", seconds=LATEST):
                raise Refused("replayed")
            key, subject = OIDC_PROVIDERS.key_of(provider["id"]), named(claims, "sub")
            ended = await unit.service(SignIn).end(key, named(claims, "sid"), reason=_BECAUSE)
            if ended is not None or not subject:
                return ended or 0
            account = await unit.service(ExternalIdentities).find(key, subject)
            return await unit.service(Directory).end_sessions(account.id, reason=_BECAUSE) if account else 0


async def _proven(ctx: Context, provider: Row, token: str) -> Mapping[str, Any]:
    try:
        about = await known(ctx, provider["issuer"])
        expected = Expected(
            issuer=provider["issuer"],
            client_id=provider["client_id"],
            nonce="",
            algorithms=about.metadata.algorithms,
            now=ctx.now.timestamp(),
            began_at=ctx.now.timestamp(),
        )
        try:
            return verify_logout(token, about.keys, expected)
        except UnknownKey:
            return verify_logout(token, (await known(ctx, provider["issuer"], anew=True)).keys, expected)
    except Problem as problem:
        raise Refused("provider_unreachable", str(problem)) from problem
