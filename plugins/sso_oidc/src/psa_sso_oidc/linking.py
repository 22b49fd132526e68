"""Linking a provider's identity to one's own account: asked for in the profile, done by logging in there."""

import base64
import datetime
from typing import Final
from uuid import UUID

from psa_sdk import Context
from psa_sdk.admission import Person, Refused, domain_allowed
from psa_sdk.context import Row
from psa_sdk.errors import Problem
from psa_sdk.sign_in import ExternalIdentities, SignIn
from psa_sdk.signing import Signer
from psa_sso_oidc.api import key_of
from psa_sso_oidc.routes import start_path

PURPOSE: Final = "sso-oidc-link"
LASTS: Final = 60
"""Seconds from the button in the profile to the provider: no other page can ask for a link."""


def link_path(signer: Signer, provider: Row, account: UUID, now: datetime.datetime) -> str:
    """Return where a person begins to link their account."""
    until = int(now.timestamp()) + LASTS
    signature = base64.urlsafe_b64encode(signer.sign(PURPOSE, _text(provider["id"], account, until)))
    return f"{start_path(provider['audience'], provider['id'])}?link={until}.{signature.decode().rstrip('=')}"


def is_wished(ctx: Context, provider: UUID, token: str) -> bool:
    """Tell whether the person in front of the browser has just asked for a link."""
    until, _, signature = token.partition(".")
    try:
        given = base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4))
        ends = int(until)
    except ValueError:
        return False
    fresh = 0 <= ends - ctx.now.timestamp() <= LASTS
    known = ctx.principal.kind in {"user", "contact"} and len(given) == 32
    return (
        fresh
        and known
        and ctx.service(Signer).verify(PURPOSE, _text(provider, ctx.principal.id, ends), given)
    )


async def link(ctx: Context, provider: Row, who: Person, account: UUID) -> None:
    """Link an identity to the account of the person in front of the browser; raises `Refused`."""
    if ctx.principal.id != account:
        raise Refused("another_account")
    if not domain_allowed(who.email, provider["email_domains"]):
        raise Refused("domain_refused", who.email)
    try:
        async with ctx.service(SignIn).unit() as unit:
            await unit.service(ExternalIdentities).link(key_of(provider["id"]), who.subject, account)
    except Problem as problem:
        raise Refused(problem.code, who.email) from problem


def _text(provider: UUID, account: UUID, until: int) -> str:
    return f"{provider}\n{account}\n{until}"
