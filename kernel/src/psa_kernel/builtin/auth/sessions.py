"""Sessions: a log-in on a device, its access and refresh tokens, their rotation and their end.

Tokens are opaque; the database has their digests. A refresh token is used once. When it comes back after its
successor was taken up, somebody copied it, and the whole session ends (RFC 9700 4.14.2). A client that lost the
answer may repeat the refresh for ten seconds and gets the identical tokens again.
"""

import datetime
import hashlib
from typing import Final, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from psa_kernel.builtin.auth.settings import AuthSettings
from psa_kernel.builtin.auth.tokens import ACCESS, COOKIE, REFRESH, digest, new_salt, new_token, successor
from psa_sdk.access import Audience
from psa_sdk.context import Context, Row
from psa_sdk.errors import Unauthenticated
from psa_sdk.identity import SessionsEnded
from psa_sdk.tables import new_id

GRACE = datetime.timedelta(seconds=10)
Transport = Literal["bearer", "cookie"]


class Client(msgspec.Struct, frozen=True):
    """Where a request comes from."""

    ip: str
    user_agent: str

    @property
    def fingerprint(self) -> str:
        """A digest by which the same client is recognised for a few seconds."""
        return hashlib.sha256(f"{self.ip}\n{self.user_agent}".encode()).hexdigest()


class Vouched(msgspec.Struct, frozen=True):
    """Who vouched for a session's owner, as `ExternalIdentities` knows them, and what they call the session."""

    provider: str
    session: str = ""


OURSELVES: Final = Vouched("")


class Issued(msgspec.Struct, frozen=True, kw_only=True):
    """The tokens of a session as handed to its client; a browser's cookie value has no refresh token."""

    session_id: UUID
    account_id: UUID
    access_token: str
    refresh_token: str
    expires_at: datetime.datetime
    confined: str = ""


class Reused(Exception):
    """A refresh token came back after its successor was taken up; the session has been ended."""

    def __init__(self, session_id: UUID, account_id: UUID) -> None:
        self.session_id = session_id
        self.account_id = account_id
        super().__init__(f"a refresh token of session {session_id} was used twice")


async def open_session(
    ctx: Context,
    account_id: UUID,
    client: Client,
    *,
    transport: Transport = "bearer",
    confined: str = "",
    lasts: datetime.timedelta | None = None,
    proven: bool = False,
    vouched: Vouched = OURSELVES,
    lineage: UUID | None = None,
    authenticated_at: datetime.datetime | UnsetType | None = UNSET,
) -> Issued:
    """Begin a session with fresh tokens; never takes over an identifier the client sent (AUTH-04).

    `lasts` is its longest life where the organisation's isn't meant; `proven` that a second factor was shown;
    `vouched` who says so; `lineage` the line that it goes on with. `authenticated_at` is when its owner proved who
    they are: now unless it is given, None where nobody knows.
    """
    rules = await ctx.settings(AuthSettings)
    browser = transport == "cookie"
    life = (
        datetime.timedelta(hours=rules.browser_hours)
        if browser
        else datetime.timedelta(days=rules.session_days)
    )
    session_id, ends = new_id(), ctx.now + (lasts or life)
    await ctx.db.execute(
        "INSERT INTO psa.session (id, created_at, account, transport, confined, ip, user_agent, last_seen_at,"
        " idle_minutes, expires_at, proven_at, provider, provider_session, lineage, authenticated_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $2, $8, $9, $10, $11, $12, $13, $14)",
        session_id,
        ctx.now,
        account_id,
        transport,
        confined,
        client.ip,
        client.user_agent[:400],
        rules.browser_idle_minutes if browser else 0,
        ends,
        ctx.now if proven else None,
        vouched.provider,
        vouched.session,
        lineage,
        ctx.now if authenticated_at is UNSET else authenticated_at,
    )
    if browser:
        token = new_token(COOKIE)
        await _store(ctx, session_id, "cookie", token, ends)
        return Issued(
            session_id=session_id,
            account_id=account_id,
            access_token=token,
            refresh_token="",
            expires_at=ends,
            confined=confined,
        )
    access, refresh = new_token(ACCESS), new_token(REFRESH)
    expires = min(ends, ctx.now + datetime.timedelta(minutes=rules.access_minutes))
    await _store(ctx, session_id, "access", access, expires)
    await _store(ctx, session_id, "refresh", refresh, ends)
    return Issued(
        session_id=session_id,
        account_id=account_id,
        access_token=access,
        refresh_token=refresh,
        expires_at=expires,
        confined=confined,
    )


async def another_cookie(ctx: Context, session_id: UUID) -> Issued | None:
    """Return a fresh cookie of a browser's session that goes on; the former ones no longer count."""
    row = await ctx.db.fetch_one(
        "SELECT account, expires_at FROM psa.session WHERE id = $1 AND transport = 'cookie' AND revoked_at IS NULL"
        " AND expires_at > $2 FOR UPDATE",
        session_id,
        ctx.now,
    )
    if row is None:
        return None
    await ctx.db.execute("DELETE FROM psa.session_token WHERE session = $1", session_id)
    token = new_token(COOKIE)
    await _store(ctx, session_id, "cookie", token, row["expires_at"])
    return Issued(
        session_id=session_id,
        account_id=row["account"],
        access_token=token,
        refresh_token="",
        expires_at=row["expires_at"],
    )


async def rotate(ctx: Context, audience: Audience, token: str, client: Client) -> Issued:
    """Trade a refresh token of an audience's account for its successors.

    Raises `Unauthenticated`, or `Reused` after ending the session; commit in that case too.
    """
    row = await ctx.db.fetch_one(
        "SELECT t.id, t.replaced_at, t.salt, t.client, s.id AS session_id, s.account, s.expires_at, s.confined,"
        " s.revoked_at, a.status FROM psa.session_token t"
        " JOIN psa.session s ON s.tenant_id = t.tenant_id AND s.id = t.session"
        " JOIN psa.account a ON a.tenant_id = s.tenant_id AND a.id = s.account"
        " WHERE t.token_hash = $1 AND t.kind = 'refresh' AND a.audience = $2 FOR UPDATE OF s, t",
        digest(token),
        audience,
    )
    if row is None or row["revoked_at"] or row["expires_at"] <= ctx.now or row["status"] != "active":
        raise Unauthenticated("The session is over; log in again.", code="session_over")
    if row["replaced_at"] is not None:
        return await _repeat(ctx, token, client, row)
    rules = await ctx.settings(AuthSettings)
    salt = new_salt()
    access, refresh = successor(token, salt, ACCESS), successor(token, salt, REFRESH)
    expires = min(row["expires_at"], ctx.now + datetime.timedelta(minutes=rules.access_minutes))
    await ctx.db.execute(
        "UPDATE psa.session_token SET replaced_at = $2, salt = $3, client = $4 WHERE id = $1",
        row["id"],
        ctx.now,
        salt,
        client.fingerprint,
    )
    await _store(ctx, row["session_id"], "access", access, expires)
    await _store(ctx, row["session_id"], "refresh", refresh, row["expires_at"])
    await ctx.db.execute(
        "UPDATE psa.session SET last_seen_at = $2, ip = $3, user_agent = $4 WHERE id = $1",
        row["session_id"],
        ctx.now,
        client.ip,
        client.user_agent[:400],
    )
    return _issued(row, access, refresh, expires)


async def _repeat(ctx: Context, token: str, client: Client, row: Row) -> Issued:
    access, refresh = successor(token, row["salt"], ACCESS), successor(token, row["salt"], REFRESH)
    following = await ctx.db.fetch_one(
        "SELECT r.replaced_at, a.expires_at FROM psa.session_token r, psa.session_token a"
        " WHERE r.token_hash = $1 AND a.token_hash = $2",
        digest(refresh),
        digest(access),
    )
    if (
        following is not None
        and following["replaced_at"] is None
        and ctx.now - row["replaced_at"] <= GRACE
        and row["client"] == client.fingerprint
    ):
        return _issued(row, access, refresh, following["expires_at"])
    await end_sessions(ctx, row["account"], "refresh_token_reused", only=row["session_id"])
    raise Reused(row["session_id"], row["account"])


async def end_sessions(
    ctx: Context,
    account_id: UUID,
    because: str,
    *,
    only: UUID | None = None,
    but: UUID | None = None,
    goes_on: bool = False,
) -> int:
    """End an account's live sessions: all, `only` one, or all `but` one; returns how many.

    Tells by `SessionsEnded`, except of one that `goes_on` in another, and of those in which nobody was let in.
    """
    rows = await ctx.db.fetch(
        "UPDATE psa.session SET revoked_at = $2, revoked_because = $3 WHERE account = $1 AND revoked_at IS NULL"
        " AND ($4::uuid IS NULL OR id = $4) AND ($5::uuid IS NULL OR id <> $5) AND expires_at > $2"
        " RETURNING coalesce(lineage, id) AS line,"
        " impersonator IS NULL AND (confined = '' OR lineage IS NOT NULL) AS entered",
        account_id,
        ctx.now,
        because,
        only,
        but,
    )
    lines = tuple(row["line"] for row in rows if row["entered"])
    everywhere = only is None and but is None
    if (lines or everywhere) and not goes_on:
        await ctx.emit(
            SessionsEnded(
                account_id=account_id, session_ids=lines, reason=because, at=ctx.now, everywhere=everywhere
            )
        )
    return len(rows)


async def called(ctx: Context, vouched: Vouched) -> list[Row]:
    """Return id and account of the sessions that a provider called so, ended ones too."""
    return await ctx.db.fetch(
        "SELECT id, account FROM psa.session WHERE provider = $1 AND provider_session = $2 AND $2 <> ''",
        vouched.provider,
        vouched.session,
    )


def _issued(row: Row, access: str, refresh: str, expires: datetime.datetime) -> Issued:
    return Issued(
        session_id=row["session_id"],
        account_id=row["account"],
        access_token=access,
        refresh_token=refresh,
        expires_at=expires,
        confined=row["confined"],
    )


async def _store(
    ctx: Context, session_id: UUID, kind: str, token: str, expires_at: datetime.datetime
) -> None:
    await ctx.db.execute(
        "INSERT INTO psa.session_token (id, created_at, session, kind, token_hash, expires_at)"
        " VALUES ($1, $2, $3, $4, $5, $6)",
        new_id(),
        ctx.now,
        session_id,
        kind,
        digest(token),
        expires_at,
    )
