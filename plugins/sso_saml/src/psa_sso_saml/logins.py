"""A log-in through a provider: out to it, its assertion in, and the browser that comes for it (S14, AUTH-41)."""

import asyncio
import datetime
import hashlib
import secrets
from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import msgspec

from psa_sdk import Context
from psa_sdk.access import Audience
from psa_sdk.admission import Person, Refused
from psa_sdk.context import Row
from psa_sdk.network import Network
from psa_sdk.sign_in import SignedIn, SignIn, Transport
from psa_sdk.signing import Signer
from psa_sdk.tables import new_id
from psa_sso_saml import attempts
from psa_sso_saml.api import PROVIDERS, SAML_PROVIDERS
from psa_sso_saml.assertions import TRANSIENT, Expected, Facts, read_response
from psa_sso_saml.keys import read_key
from psa_sso_saml.messages import authn_request, signed_redirect
from psa_sso_saml.reading import decoded
from psa_sso_saml.signatures import certificates

WAITS: Final = datetime.timedelta(minutes=2)
"""How long a proven assertion waits for its browser."""
_ARRIVE: Final = """
INSERT INTO sso_saml.arrival (id, provider, assertion_id, token_hash, facts, arrived_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (tenant_id, provider, assertion_id) DO NOTHING"""
_FORGET: Final = "DELETE FROM sso_saml.arrival WHERE expires_at < $1"
_TAKE: Final = """
WITH found AS (SELECT id, facts FROM sso_saml.arrival
  WHERE provider = $1 AND token_hash = $2 AND facts IS NOT NULL AND arrived_at > $3 FOR UPDATE)
UPDATE sso_saml.arrival a SET facts = NULL FROM found WHERE a.id = found.id RETURNING found.facts::text AS facts"""


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """A provider with our keys for it, and where its messages come in at the host that the browser is at.

    The first key signs; each opens what is encrypted for us.
    """

    row: Row
    private_keys: Sequence[str]
    entity: str
    acs: str


def acs_path(provider: UUID) -> str:
    """Return where a provider's assertions come in."""
    return f"/api/v1/{PROVIDERS}/{provider}/acs"


def entity_of(ctx: Context, provider: UUID) -> str:
    """Return what we are called at a provider: the address of our metadata for it."""
    return f"{ctx.service(Network).home}/api/v1/{PROVIDERS}/{provider}/metadata"


async def known_provider(
    ctx: Context, provider: UUID, origin: str, audience: Audience | None = None
) -> Known:
    """Return an active provider; raises `NotFound`. `origin` is scheme and host of the browser's address."""
    row = await SAML_PROVIDERS.active(ctx, provider, audience)
    columns = ("private_key", "next_private_key") if row["next_certificate"] else ("private_key",)
    system = ctx.as_system()
    return Known(
        row=row,
        private_keys=[await system.reveal(PROVIDERS, provider, column, shown=False) for column in columns],
        entity=entity_of(ctx, provider),
        acs=origin + acs_path(provider),
    )


def leave(ctx: Context, known: Known, *, next_page: str = "", links: UUID | None = None) -> tuple[str, str]:
    """Return the provider's address at which a person logs in, and what their browser keeps meanwhile."""
    row = known.row
    attempt = attempts.begin(row["id"], row["audience"], ctx.now.timestamp(), next_page, links)
    request = authn_request(
        id=attempt.request, issuer=known.entity, destination=row["idp_sso_url"], acs=known.acs, now=ctx.now
    )
    url = signed_redirect(request, row["idp_sso_url"], "", read_key(known.private_keys[0]))
    return url, attempts.seal(ctx.service(Signer), attempt)


async def arrive(ctx: Context, known: Known, response: str) -> str:
    """Prove a provider's response and keep it for its browser; returns the token by which that comes for it.

    An assertion arrives once. Raises `Unauthenticated`, with the reason in the audit log.
    """
    row = known.row
    async with ctx.outside():
        try:
            expected = Expected(
                idp=row["idp_entity_id"],
                audience=known.entity,
                acs=known.acs,
                certificates=certificates(row["idp_certificates"]),
                keys=[read_key(key) for key in known.private_keys],
                now=ctx.now,
            )
            facts = await asyncio.to_thread(read_response, decoded(response), expected)
            if facts.subject_format == TRANSIENT:
                raise Refused("no_subject", "a transient name tells nobody apart")
            token = secrets.token_urlsafe(32)
            async with ctx.service(SignIn).unit() as unit:
                await unit.db.execute(_FORGET, ctx.now)
                made = await unit.db.execute(
                    _ARRIVE,
                    new_id(),
                    row["id"],
                    facts.assertion_id,
                    _digest(token),
                    msgspec.json.encode(facts).decode(),
                    ctx.now,
                    facts.expires_at,
                )
            if not made.endswith(" 1"):
                raise Refused("replayed", facts.assertion_id[:200])
        except Refused as refused:
            raise await SAML_PROVIDERS.keep_out(ctx, row, refused) from refused
        return token


async def collect(
    ctx: Context, known: Known, token: str, kept: str, transport: Transport
) -> tuple[SignedIn | None, str]:
    """Begin a session for the browser whose request an assertion answers; returns it and the page they wanted.

    There is no new session where an account was to be linked. Raises `Unauthenticated`.
    """
    row = known.row
    async with ctx.outside():
        try:
            attempt = attempts.unseal(ctx.service(Signer), kept)
            attempt.require(row["id"], row["audience"], ctx.now.timestamp())
            async with ctx.service(SignIn).unit() as unit:
                found = await unit.db.fetch_value(_TAKE, row["id"], _digest(token), ctx.now - WAITS)
            if found is None:
                raise Refused("state_spent")
            facts = msgspec.json.decode(found, type=Facts)
            if facts.in_response_to != attempt.request:
                raise Refused("another_browser")
            begun = await SAML_PROVIDERS.let_in(
                ctx, row, person(row, facts), links=attempt.links, transport=transport
            )
        except Refused as refused:
            raise await SAML_PROVIDERS.keep_out(ctx, row, refused) from refused
        return begun, attempt.next_page


def person(row: Mapping[str, Any], facts: Facts) -> Person:
    """Return whom proven facts are about."""

    def first(name: str) -> str:
        values: Sequence[str] = facts.attributes.get(name, ())
        return values[0].strip() if values else ""

    email = first(row["email_attribute"]) if row["email_attribute"] else facts.subject
    email = email if "@" in email else ""
    groups = facts.attributes.get(row["groups_attribute"]) if row["groups_attribute"] else None
    return Person(
        subject=facts.subject,
        email=email,
        email_verified=bool(email) and row["trusts_email"],
        name=((first(row["name_attribute"]) if row["name_attribute"] else "") or email.partition("@")[0])[
            :200
        ],
        groups=frozenset(groups) if groups is not None else None,
    )


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
