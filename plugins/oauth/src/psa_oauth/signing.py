"""Keys and id_tokens (OpenID Connect Core 2): RS256, since every client knows it; one key pair per tenant at a time."""

import asyncio
import base64
import datetime
import functools
import hashlib
from collections.abc import Collection, Mapping
from typing import Any, Final
from uuid import UUID

import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, RSAKey

from psa_oauth import scopes
from psa_sdk import Context
from psa_sdk.errors import NotFound
from psa_sdk.identity import Directory
from psa_sdk.tables import new_id

KEYS: Final = "oauth-signing-keys"
ALGORITHM: Final = "RS256"
LASTS: Final = datetime.timedelta(minutes=10)
"""How long an id_token is good: it is read once, after the log-in."""
ID_TOKEN: Final = "JWT"  # noqa: S105 - a media type
LOGOUT_TOKEN: Final = "logout+jwt"  # noqa: S105 - a media type
LOGOUT_EVENT: Final = "http://schemas.openid.net/event/backchannel-logout"
LOGOUT_LASTS: Final = datetime.timedelta(minutes=2)
_LONGEST_HINT: Final = 1 << 13
_HINTED: Final = {"audience": "aud", "account": "sub", "session": "sid"}
_USED_FOR: Final = datetime.timedelta(days=90)
_PUBLISHED_FOR: Final = datetime.timedelta(days=2)


class Hint(msgspec.Struct, frozen=True, kw_only=True):
    """What an id_token of ours says: for which application, about whom, in which session, if in one."""

    audience: UUID
    account: UUID
    session: UUID | None


async def published(ctx: Context) -> list[dict[str, Any]]:
    """Return the public keys (RFC 7517), the one in use first."""
    await _current(ctx)
    return await _public(ctx)


async def id_token(
    ctx: Context,
    *,
    issuer: str,
    audience: UUID,
    account: UUID,
    asked: Collection[str],
    nonce: str,
    logged_in_at: datetime.datetime | None,
    session: UUID | None,
    access_token: str,
) -> str:
    """Return a signed statement of who logged in, for one application; `session` is the browser's."""
    half = hashlib.sha256(access_token.encode()).digest()[:16]
    claims = {
        **_said(ctx, issuer, audience, LASTS),
        "at_hash": base64.urlsafe_b64encode(half).rstrip(b"=").decode(),
        **({"nonce": nonce} if nonce else {}),
        **({"auth_time": int(logged_in_at.timestamp())} if logged_in_at else {}),
        **({"sid": str(session)} if session else {}),
        **await claims_of(ctx, account, asked),
    }
    return await _signed(ctx, ID_TOKEN, claims)


async def logout_token(
    ctx: Context, *, issuer: str, audience: UUID, account: UUID, session: UUID | None
) -> str:
    """Return a signed statement that a session ended, all of a person's where none is named (Back-Channel Logout 2.4)."""
    claims = {
        **_said(ctx, issuer, audience, LOGOUT_LASTS),
        "sub": str(account),
        "jti": str(new_id()),
        "events": {LOGOUT_EVENT: {}},
        **({"sid": str(session)} if session else {}),
    }
    return await _signed(ctx, LOGOUT_TOKEN, claims)


async def read_hint(ctx: Context, issuer: str, token: str) -> Hint | None:
    """Return what an id_token says that was issued here, however old; None for anything else (RP-Initiated Logout 4)."""
    if not token or len(token) > _LONGEST_HINT:
        return None
    try:
        keys = KeySet([RSAKey.import_key(key) for key in await _public(ctx)])
        read = jwt.decode(token, keys, algorithms=[ALGORITHM])
        if read.header.get("typ") != ID_TOKEN or read.claims.get("iss") != issuer:
            return None
        return msgspec.convert(
            {name: read.claims.get(claim) for name, claim in _HINTED.items()}, Hint, strict=False
        )
    except (JoseError, ValueError, msgspec.ValidationError):
        return None


def _said(ctx: Context, issuer: str, audience: UUID, lasts: datetime.timedelta) -> dict[str, Any]:
    """Return what every token says: by whom, for whom, from when until when."""
    return {
        "iss": issuer,
        "aud": str(audience),
        "iat": int(ctx.now.timestamp()),
        "exp": int((ctx.now + lasts).timestamp()),
    }


async def _signed(ctx: Context, kind: str, claims: Mapping[str, Any]) -> str:
    key_id, kid = await _current(ctx)
    private = await ctx.as_system().reveal(KEYS, key_id, "private", shown=False)
    key = _key(private)
    return jwt.encode({"alg": ALGORITHM, "kid": kid, "typ": kind}, dict(claims), key)


@functools.lru_cache(maxsize=32)
def _key(private: str) -> RSAKey:
    """Read a private key: that its numbers fit each other takes longer to see than signing does."""
    return RSAKey.import_key(msgspec.json.decode(private))


async def claims_of(ctx: Context, account: UUID, asked: Collection[str]) -> dict[str, Any]:
    """Return what an application learns about a person, by its scopes (OpenID Connect Core 5.4)."""
    person = (await ctx.service(Directory).users([account])).get(account)
    if person is None:
        raise NotFound(f"There is no account {account}.")
    claims: dict[str, Any] = {"sub": str(account)}
    if scopes.PROFILE in asked:
        claims |= {"name": person.name}
        claims |= {"zoneinfo": person.timezone} if person.timezone else {}
        claims |= {"locale": person.locale} if person.locale else {}
    if scopes.EMAIL in asked:
        # Set by administrators and invitations, which reach the person by it.
        claims |= {"email": person.email, "email_verified": person.status == "active"}
    return claims


async def renew(ctx: Context) -> None:
    """Sign with a new key after three months; forget retired ones once nothing they signed is good."""
    await ctx.db.execute("DELETE FROM oauth.signing_key WHERE retired_at < $1", ctx.now - _PUBLISHED_FOR)
    old = await ctx.db.fetch(
        "SELECT id FROM oauth.signing_key WHERE retired_at IS NULL AND created_at < $1", ctx.now - _USED_FOR
    )
    if old:
        await _make(ctx)
        for row in old:
            await ctx.as_system().records.update(KEYS, row["id"], {"retired_at": ctx.now})


async def _public(ctx: Context) -> list[dict[str, Any]]:
    rows = await ctx.db.fetch("SELECT public FROM oauth.signing_key ORDER BY created_at DESC, id DESC")
    return [_json(row["public"]) for row in rows]


async def _current(ctx: Context) -> tuple[UUID, str]:
    found = await _newest(ctx)
    if found is None:
        await ctx.db.lock("oauth", "signing key")
        found = await _newest(ctx) or await _make(ctx)
    return found


async def _newest(ctx: Context) -> tuple[UUID, str] | None:
    row = await ctx.db.fetch_one(
        "SELECT id, kid FROM oauth.signing_key WHERE retired_at IS NULL ORDER BY created_at DESC, id DESC LIMIT 1"
    )
    return (row["id"], row["kid"]) if row is not None else None


async def _make(ctx: Context) -> tuple[UUID, str]:
    key = await asyncio.to_thread(
        RSAKey.generate_key, 2048, parameters={"use": "sig", "alg": ALGORITHM}, private=True, auto_kid=True
    )
    kid = key.kid or ""
    secret = msgspec.json.encode(key.as_dict(private=True)).decode()
    values = {"kid": kid, "public": key.as_dict(private=False), "private": secret}
    return await ctx.as_system().records.create(KEYS, values), kid


def _json(value: Any) -> Any:
    return msgspec.json.decode(value) if isinstance(value, str) else value
