"""Devices without a browser (RFC 8628): they show a code, a person allows it elsewhere, they ask until then."""

import datetime
from collections.abc import Sequence
from typing import Final
from uuid import UUID

import msgspec

from psa_oauth import clients, granting, tokens
from psa_oauth.granting import Granted
from psa_oauth.refusals import OAuthError
from psa_oauth.requests import ClientFacts
from psa_sdk import Context
from psa_sdk.tables import new_id

GRANT_TYPE: Final = "urn:ietf:params:oauth:grant-type:device_code"
LASTS: Final = datetime.timedelta(minutes=10)
INTERVAL: Final = 5
_SLOWER: Final = 5


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """A device that waits for somebody."""

    id: UUID
    user_code: str
    client: ClientFacts
    scopes: tuple[str, ...]


async def begin(ctx: Context, client: ClientFacts, asked: Sequence[str]) -> tuple[str, str]:
    """Return the codes of a device and of the person."""
    device, user_code = tokens.new_secret(tokens.DEVICE), tokens.new_user_code()
    await ctx.db.execute(
        "INSERT INTO oauth.device (id, created_at, client, device_hash, user_code, scopes, interval, expires_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        new_id(),
        ctx.now,
        client.id,
        tokens.digest(device),
        user_code,
        list(asked),
        INTERVAL,
        ctx.now + LASTS,
    )
    return device, user_code


async def waiting(ctx: Context, user_code: str) -> Waiting | None:
    """Return the device that shows a code."""
    row = await ctx.db.fetch_one(
        "SELECT id, client, user_code, scopes FROM oauth.device"
        " WHERE user_code = $1 AND status = 'waiting' AND expires_at > $2",
        tokens.typed(user_code),
        ctx.now,
    )
    client = await clients.find(ctx, str(row["client"])) if row is not None else None
    if row is None or client is None:
        return None
    return Waiting(id=row["id"], user_code=row["user_code"], client=client, scopes=tuple(row["scopes"]))


async def decide(
    ctx: Context,
    device: Waiting,
    account: UUID,
    allowed: Sequence[str] | None,
    logged_in_at: datetime.datetime | None,
    issuer: str,
) -> bool:
    """Write down what the person said, None for no; False when somebody was quicker."""
    tag = await ctx.db.execute(
        "UPDATE oauth.device SET status = $2 WHERE id = $1 AND status = 'waiting'",
        device.id,
        "denied" if allowed is None else "allowed",
    )
    if tag != "UPDATE 1":
        return False
    if allowed is not None:
        # No session: the device goes on when the browser that let it in has logged out.
        granted = await granting.begin(ctx, device.client, account, allowed, logged_in_at, issuer=issuer)
        await ctx.db.execute("UPDATE oauth.device SET family = $2 WHERE id = $1", device.id, granted.family)
    return True


async def take(ctx: Context, client: ClientFacts, device_code: str) -> Granted:
    """Return what a device was allowed, once; raises `OAuthError` while it waits, and for good (RFC 8628 3.5)."""
    row = await ctx.db.fetch_one(
        "SELECT id, client, status, family, interval, asked_at, expires_at FROM oauth.device"
        " WHERE device_hash = $1 FOR UPDATE",
        tokens.digest(device_code),
    )
    if row is None or row["client"] != client.id or row["status"] == "used":
        raise OAuthError("invalid_grant", "The device code isn't good for this application.")
    if row["expires_at"] <= ctx.now:
        raise OAuthError("expired_token", "The device code is too old; begin again.")
    if row["status"] == "denied":
        raise OAuthError("access_denied", "The person said no.")
    if row["status"] == "waiting":
        hasty = row["asked_at"] is not None and ctx.now - row["asked_at"] < datetime.timedelta(
            seconds=row["interval"]
        )
        await ctx.db.execute(
            "UPDATE oauth.device SET asked_at = $2, interval = interval + $3 WHERE id = $1",
            row["id"],
            ctx.now,
            _SLOWER if hasty else 0,
        )
        if hasty:
            raise OAuthError("slow_down", "Ask less often: five seconds more from now on.")
        raise OAuthError("authorization_pending", "Nobody has answered yet.")
    await ctx.db.execute("UPDATE oauth.device SET status = 'used' WHERE id = $1", row["id"])
    family = await ctx.db.fetch_one(
        "SELECT id AS family, account, scopes, expires_at AS ends, logged_in_at, session FROM oauth.family"
        " WHERE id = $1 AND ended_at IS NULL",
        row["family"],
    )
    if family is None:
        raise OAuthError("invalid_grant", "The permission was taken back.")
    return granting.granted_of(family)
