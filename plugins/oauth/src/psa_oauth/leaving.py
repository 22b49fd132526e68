"""When people leave: applications that wait for it are told, and what hung on the session ends.

OpenID Connect Back-Channel Logout 1.0; what ends with a session is decision 0061.
"""

import datetime
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from psa_oauth import clients, granting, signing
from psa_sdk import Change, Context, actor, before, on
from psa_sdk.errors import Invalid, TooLarge, Unavailable
from psa_sdk.identity import SessionsEnded
from psa_sdk.network import Network

SECONDS: Final = 10.0
"""How long an application may take to answer."""
_MOST_BYTES: Final = 1 << 16
_SECURED: Final = frozenset(("account_disabled", "password_reset", "password_set", "mfa_reset"))
"""Reasons for which whatever anybody got at by way of the account ends, asked for in absence or not (RFC 9700 4.14)."""
_AGAIN: Final = frozenset((408, 425, 429))
_TELL: Final = """
SELECT DISTINCT f.client, f.issuer, CASE WHEN NOT $3 THEN f.session END AS session FROM oauth.family f
JOIN oauth.client c ON c.tenant_id = f.tenant_id AND c.id = f.client AND c.backchannel_logout_uri <> ''
WHERE f.account = $1 AND 'openid' = ANY (f.scopes) AND f.issuer <> ''
    AND (f.session = ANY ($2::uuid[]) OR ($3 AND f.ended_at IS NULL AND f.created_at < $4))"""
# Events come a little late: what began meanwhile isn't meant.
_HANGS: Final = """
SELECT f.id FROM oauth.family f WHERE f.account = $1 AND f.ended_at IS NULL
    AND (f.session = ANY ($2::uuid[]) OR ($3 AND f.created_at < $4))
    AND ($5 OR ('openid' = ANY (f.scopes) AND NOT 'offline_access' = ANY (f.scopes))
        OR EXISTS (SELECT FROM oauth.code c WHERE c.family = f.id AND c.tenant_id = f.tenant_id AND c.used_at IS NULL))"""


@on(SessionsEnded)
async def follow(ctx: Context, event: SessionsEnded) -> None:
    """Tell the applications that somebody was logged in to, and end what went on only while they were."""
    meant = (event.account_id, list(event.session_ids), event.everywhere, event.at)
    await _tell(ctx, *meant)
    rows = await ctx.db.fetch(_HANGS, *meant, event.everywhere and event.reason in _SECURED)
    await granting.end(ctx, "session_ended", id=[row["id"] for row in rows])


@before("users", "delete")
async def tell_of_who_goes(ctx: Context, change: Change) -> None:
    """Tell the applications of somebody whose account is deleted, and all that they were allowed with it."""
    await _tell(ctx, change.id, [], True, ctx.now)


@actor(time_limit=60)
async def tell(
    ctx: Context, *, client_id: UUID, account_id: UUID, session_id: UUID | None, issuer: str
) -> None:
    """Tell an application that a session ended, all of a person's where none is named; tried again while it is away."""
    client = await clients.find(ctx, str(client_id))
    if client is None or not client.backchannel_logout_uri:
        return
    token = await signing.logout_token(
        ctx, issuer=issuer, audience=client_id, account=account_id, session=session_id
    )
    async with ctx.outside():
        trouble = await _refused(ctx, client.backchannel_logout_uri, token)
    if trouble:
        await ctx.audit(
            "oauth_logout_refused", "oauth-clients", client_id, account=account_id, because=trouble[:500]
        )


async def _tell(
    ctx: Context, account: UUID, sessions: list[UUID], everywhere: bool, at: datetime.datetime
) -> None:
    for row in await ctx.db.fetch(_TELL, account, sessions, everywhere, at):
        await ctx.send(
            tell,
            client_id=row["client"],
            account_id=account,
            session_id=row["session"],
            issuer=row["issuer"],
        )


async def _refused(ctx: Context, address: str, token: str) -> str:
    """Return why an application won't hear of it, however often it is told; raises `Unavailable` while it is away."""
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    content = urlencode({"logout_token": token}).encode()
    try:
        answer = await ctx.service(Network).request(
            "POST", address, headers=headers, content=content, seconds=SECONDS, max_bytes=_MOST_BYTES
        )
    except (Invalid, TooLarge) as problem:
        return str(problem)
    if answer.status >= 500 or answer.status in _AGAIN:
        raise Unavailable(f"{address} answers {answer.status}.", code="no_answer")
    return "" if 200 <= answer.status < 300 else f"{address} answers {answer.status}."


SUBSCRIBERS: Final = (follow,)
INTERCEPTORS: Final = (tell_of_who_goes,)
