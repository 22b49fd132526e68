"""From a consent to tokens: codes, families, access and refresh tokens, and their end."""

import datetime
import secrets
from collections.abc import Collection, Sequence
from typing import Any, Final
from uuid import UUID

import msgspec

from psa_oauth import families, pkce, scopes, signing, tokens
from psa_oauth.api import TokenReused
from psa_oauth.refusals import OAuthError
from psa_oauth.requests import Asked, ClientFacts
from psa_oauth.settings import OAuthSettings
from psa_sdk import Context
from psa_sdk.context import Row
from psa_sdk.errors import NotFound
from psa_sdk.identity import AccountAlert, Delegations
from psa_sdk.tables import new_id
from psa_sdk.web import BrowserSession

CODE_LASTS: Final = datetime.timedelta(seconds=60)


class Granted(msgspec.Struct, frozen=True, kw_only=True):
    """What an application gets, in whose name."""

    family: UUID
    account: UUID
    scopes: tuple[str, ...]
    expires_at: datetime.datetime
    logged_in_at: datetime.datetime | None = None
    session: UUID | None = None
    nonce: str = ""


def granted_of(row: Row, nonce: str = "") -> Granted:
    """Return what a family's row says; it ends at `ends`."""
    return Granted(
        family=row["family"],
        account=row["account"],
        scopes=tuple(row["scopes"]),
        expires_at=row["ends"],
        logged_in_at=row["logged_in_at"],
        session=row["session"],
        nonce=nonce,
    )


async def begin(
    ctx: Context,
    client: ClientFacts,
    account: UUID,
    allowed: Sequence[str],
    logged_in_at: datetime.datetime | None = None,
    session: UUID | None = None,
    issuer: str = "",
) -> Granted:
    """Begin a family of tokens.

    `logged_in_at` is when the person did who allowed it, None without one or where nobody knows. `session` is the
    browser's in which that was, for the application that is opened in it.
    """
    life = (await ctx.settings(OAuthSettings)).refresh_days
    granted = Granted(
        family=new_id(),
        account=account,
        scopes=tuple(allowed),
        expires_at=ctx.now + datetime.timedelta(days=life),
        logged_in_at=logged_in_at,
        session=session,
    )
    await ctx.db.execute(
        "INSERT INTO oauth.family"
        " (id, created_at, account, client, scopes, expires_at, logged_in_at, session, issuer)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        granted.family,
        ctx.now,
        account,
        client.id,
        list(allowed),
        granted.expires_at,
        logged_in_at,
        session,
        issuer,
    )
    return granted


async def write_code(
    ctx: Context, asked: Asked, account: UUID, allowed: Sequence[str], session: BrowserSession, issuer: str
) -> str:
    """Return a code for what a person allowed in a session."""
    granted = await begin(
        ctx, asked.client, account, allowed, session.logged_in_at, session=session.id, issuer=issuer
    )
    code = tokens.new_secret(tokens.CODE)
    await ctx.db.execute(
        "INSERT INTO oauth.code (id, created_at, family, code_hash, redirect_uri, challenge, nonce, expires_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        new_id(),
        ctx.now,
        granted.family,
        tokens.digest(code),
        asked.redirect_uri,
        asked.challenge,
        asked.nonce,
        ctx.now + CODE_LASTS,
    )
    return code


async def take_code(
    ctx: Context, client: ClientFacts, code: str, redirect_uri: str, verifier: str
) -> Granted:
    """Trade a code, once; a second try ends what followed from the first (RFC 6749 4.1.2, RFC 9700 4.5)."""
    row = await ctx.db.fetch_one(
        "SELECT c.id, c.used_at, c.expires_at, c.redirect_uri, c.challenge, c.nonce, f.id AS family, f.account,"
        " f.client, f.scopes, f.expires_at AS ends, f.ended_at, f.logged_in_at, f.session FROM oauth.code c"
        " JOIN oauth.family f ON f.tenant_id = c.tenant_id AND f.id = c.family"
        " WHERE c.code_hash = $1 FOR UPDATE OF c, f",
        tokens.digest(code),
    )
    if row is None or row["client"] != client.id:
        raise OAuthError("invalid_grant", "The code isn't good for this application.")
    if row["used_at"] is not None:
        await _reused(ctx, client, row, "code_reused")
        raise OAuthError("invalid_grant", "The code was used before; everything that came of it has ended.")
    await ctx.db.execute("UPDATE oauth.code SET used_at = $2 WHERE id = $1", row["id"], ctx.now)
    if row["expires_at"] <= ctx.now or row["ended_at"] is not None:
        raise OAuthError("invalid_grant", "The code is too old; ask again.")
    if redirect_uri != row["redirect_uri"]:
        raise OAuthError("invalid_grant", "redirect_uri differs from the one that was asked with.")
    if not pkce.proves(verifier, row["challenge"]):
        raise OAuthError("invalid_grant", "code_verifier doesn't prove the code_challenge.")
    return granted_of(row, row["nonce"])


async def take_refresh_token(
    ctx: Context, client: ClientFacts, token: str, narrowed: Sequence[str]
) -> tuple[Granted, str]:
    """Trade a refresh token for its successor; raises `OAuthError`, after ending the family of a reused one."""
    row = await ctx.db.fetch_one(
        "SELECT t.id, t.replaced_at, t.salt, f.id AS family, f.account, f.client, f.scopes, f.expires_at AS ends,"
        " f.ended_at, f.logged_in_at, f.session FROM oauth.refresh_token t"
        " JOIN oauth.family f ON f.tenant_id = t.tenant_id AND f.id = t.family"
        " WHERE t.token_hash = $1 FOR UPDATE OF t, f",
        tokens.digest(token),
    )
    refused = OAuthError("invalid_grant", "The refresh token isn't or is no longer good; ask again.")
    if row is None:
        raise refused
    following = tokens.successor(token, row["salt"]) if row["salt"] else ""
    verdict = families.judge(
        families.Presented(
            own_client=row["client"] == client.id,
            family_ended=row["ended_at"] is not None,
            expires_at=row["ends"],
            replaced_at=row["replaced_at"],
            successor_used=await _used(ctx, following),
        ),
        ctx.now,
    )
    if verdict == "reused":
        await _reused(ctx, client, row, "refresh_token_reused")
    if verdict in {"reused", "refuse"}:
        raise refused
    granted = granted_of(row)
    if scopes.beyond(narrowed, granted.scopes):
        raise OAuthError("invalid_scope", "The scopes go beyond what was allowed.")
    if verdict == "rotate":
        salt = secrets.token_hex(32)
        following = tokens.successor(token, salt)
        await ctx.db.execute(
            "UPDATE oauth.refresh_token SET replaced_at = $2, salt = $3 WHERE id = $1",
            row["id"],
            ctx.now,
            salt,
        )
        await _store_refresh(ctx, granted.family, following)
    return (msgspec.structs.replace(granted, scopes=tuple(narrowed)) if narrowed else granted), following


async def answer(
    ctx: Context, client: ClientFacts, granted: Granted, *, issuer: str, refresh_token: str | None = None
) -> dict[str, Any]:
    """Return the token endpoint's answer (RFC 6749 5.1); a first refresh token is made where None is given."""
    minutes = (await ctx.settings(OAuthSettings)).access_minutes
    expires = min(granted.expires_at, ctx.now + datetime.timedelta(minutes=minutes))
    try:
        access = await ctx.service(Delegations).issue(
            granted.account,
            family=granted.family,
            holder=client.name,
            scopes=scopes.grants(granted.scopes),
            expires_at=expires,
        )
    except NotFound as error:
        raise OAuthError("invalid_grant", "The account is no longer active.") from error
    told: dict[str, Any] = {
        "access_token": access,
        "token_type": "Bearer",
        "expires_in": int((expires - ctx.now).total_seconds()),
        "scope": " ".join(granted.scopes),
    }
    if refresh_token is None and "refresh_token" in client.grant_types:
        refresh_token = tokens.new_secret(tokens.REFRESH)
        await _store_refresh(ctx, granted.family, refresh_token)
    if refresh_token:
        told["refresh_token"] = refresh_token
    if scopes.OPENID in granted.scopes:
        told["id_token"] = await signing.id_token(
            ctx,
            issuer=issuer,
            audience=client.id,
            account=granted.account,
            asked=granted.scopes,
            nonce=granted.nonce,
            logged_in_at=granted.logged_in_at,
            session=granted.session,
            access_token=access,
        )
    return told


async def end(ctx: Context, because: str, **which: UUID | Collection[UUID]) -> int:
    """End the live families of an `account`, a `client` or both, or by their `id`; returns how many there were."""
    conditions = " AND ".join(f"{name} = ANY (${number}::uuid[])" for number, name in enumerate(which, 3))
    rows = await ctx.db.fetch(
        "UPDATE oauth.family SET ended_at = $1, ended_because = $2 WHERE ended_at IS NULL"
        f" AND {conditions} RETURNING id",
        ctx.now,
        because,
        *([ids] if isinstance(ids, UUID) else list(ids) for ids in which.values()),
    )
    await ctx.service(Delegations).end([row["id"] for row in rows])
    return len(rows)


async def _reused(ctx: Context, client: ClientFacts, row: Row, because: str) -> None:
    if await end(ctx, because, id=row["family"]):
        await ctx.audit(f"oauth_{because}", "users", row["account"], client=client.id)
        await ctx.emit(TokenReused(account_id=row["account"], client_id=client.id))
        await ctx.emit(
            AccountAlert(
                account_id=row["account"], matter="application_stolen", detail=client.name, at=ctx.now
            )
        )


async def _used(ctx: Context, token: str) -> bool:
    sql = "SELECT EXISTS (SELECT FROM oauth.refresh_token WHERE token_hash = $1 AND replaced_at IS NOT NULL)"
    return bool(token) and bool(await ctx.db.fetch_value(sql, tokens.digest(token)))


async def _store_refresh(ctx: Context, family: UUID, token: str) -> None:
    await ctx.db.execute(
        "INSERT INTO oauth.refresh_token (id, created_at, family, token_hash) VALUES ($1, $2, $3, $4)",
        new_id(),
        ctx.now,
        family,
        tokens.digest(token),
    )
