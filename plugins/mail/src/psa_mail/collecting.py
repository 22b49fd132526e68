"""Reading mailboxes: what is new is stored, and the position moves in the same transaction (MAIL-03, MAIL-15)."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec

from psa_mail import imap, oauth
from psa_mail.api import MAILBOXES, MailboxTroubled
from psa_mail.gmail import Gmail
from psa_mail.graph import Graph
from psa_mail.health import Health, after_failure, after_success
from psa_mail.intake import take_in
from psa_mail.peers import LoginRefused, Peer, PeerTrouble, peer_of
from psa_mail.processing import work_off
from psa_sdk import Context, actor, every
from psa_sdk.errors import Problem

BATCH = 25
"""Messages of one look; what is more follows at once in a transaction of its own."""
DUE = """
SELECT m.id FROM mail.mailbox m LEFT JOIN mail.mailbox_health h ON h.mailbox = m.id
WHERE NOT m.is_paused AND m.kind <> 'push' AND (h.next_check_at IS NULL OR h.next_check_at <= $1)
ORDER BY h.next_check_at NULLS FIRST"""
BEGIN = """
INSERT INTO mail.mailbox_health (id, mailbox) VALUES (psa.new_id(), $1) ON CONFLICT (tenant_id, mailbox) DO NOTHING"""
TAKE = "SELECT * FROM mail.mailbox_health WHERE mailbox = $1 FOR UPDATE SKIP LOCKED"


class Read(msgspec.Struct, frozen=True, kw_only=True):
    """What a look into a mailbox gave."""

    messages: Sequence[tuple[str, bytes]]
    position: dict[str, Any]
    more: bool
    left_out: Sequence[str] = ()


@actor(time_limit=600)
async def collect(ctx: Context, *, mailbox_id: UUID) -> None:
    """Store what is new in a mailbox. Another process that is at it does the work."""
    rows = await ctx.records.find(MAILBOXES, limit=1000)
    mailbox = next((row for row in rows if row["id"] == mailbox_id), None)
    if mailbox is None or mailbox["is_paused"] or mailbox["kind"] == "push":
        return
    await ctx.db.execute(BEGIN, mailbox_id)
    health = await ctx.db.fetch_one(TAKE, mailbox_id)
    if health is None:
        return
    try:
        read = await _read(ctx, mailbox, _position(health["position"]))
    except (LoginRefused, PeerTrouble, Problem) as error:
        await _failed(ctx, mailbox, health, str(error), login=isinstance(error, LoginRefused))
        return
    stored = [await take_in(ctx, mailbox, raw, remote_key=key) for key, raw in read.messages]
    values = after_success(ctx.now, timedelta(seconds=mailbox["poll_seconds"]))
    if read.left_out:
        values["last_error"] = f"Left in the mailbox, too large: {', '.join(read.left_out)}"
    await _note(ctx, mailbox_id, {**values, "position": read.position})
    if any(stored):
        await ctx.send(work_off)
    if read.messages and mailbox["after_reading"] != "keep":
        await ctx.send(
            put_away, mailbox_id=mailbox_id, position=read.position, keys=[key for key, _ in read.messages]
        )
    if read.more:
        await ctx.send(collect, mailbox_id=mailbox_id)


@actor(queue="bulk", time_limit=300)
async def put_away(ctx: Context, *, mailbox_id: UUID, position: dict[str, Any], keys: list[str]) -> None:
    """Mark or move what was stored, in the mailbox itself: after the commit, so that nothing is lost."""
    mailbox = await ctx.records.get(MAILBOXES, mailbox_id)
    if mailbox["is_paused"] or mailbox["kind"] == "push":
        return
    peer = await peer_of(ctx, MAILBOXES, mailbox)
    token = await token_for(ctx, peer)
    target = mailbox["archive_folder"] if mailbox["after_reading"] == "move" else ""
    if mailbox["kind"] == "graph":
        await Graph(ctx, peer, token).put_away(keys, target)
        return
    if mailbox["kind"] == "gmail":
        await Gmail(ctx, peer, token).put_away(keys, mailbox["folder"], target)
        return
    uids, validity = [int(key) for key in keys], int(position.get("uidvalidity", 0))
    await asyncio.to_thread(imap.put_away, peer, token, mailbox["folder"], validity, uids, target)


@actor()
async def look_round(ctx: Context) -> None:
    """Send somebody to each mailbox that is due, and to what still waits to be worked off."""
    for row in await ctx.db.fetch(DUE, ctx.now):
        await ctx.send(collect, mailbox_id=row["id"])
    if await ctx.db.fetch_value("SELECT EXISTS (SELECT FROM mail.incoming WHERE state = 'received')"):
        await ctx.send(work_off)


async def token_for(ctx: Context, peer: Peer) -> str:
    """Return the access token of a peer that logs in by one, else nothing."""
    return await oauth.access_token(ctx, peer) if peer.authentication not in {"password", "none"} else ""


async def try_out(ctx: Context, mailbox: Mapping[str, Any]) -> None:
    """Log in and open the folder; raises `LoginRefused` or `PeerTrouble`."""
    peer = await peer_of(ctx, MAILBOXES, mailbox)
    token = await token_for(ctx, peer)
    if mailbox["kind"] == "graph":
        await Graph(ctx, peer, token).new_messages(mailbox["folder"], "", 1)
    elif mailbox["kind"] == "gmail":
        await Gmail(ctx, peer, token).new_messages(mailbox["folder"], {}, 1)
    elif mailbox["kind"] == "imap":
        far = imap.Position(uid=2**31)
        await asyncio.to_thread(imap.new_messages, peer, token, mailbox["folder"], far, 0)


async def _read(ctx: Context, mailbox: Mapping[str, Any], position: dict[str, Any]) -> Read:
    peer = await peer_of(ctx, MAILBOXES, mailbox)
    token = await token_for(ctx, peer)
    try:
        if mailbox["kind"] == "graph":
            found = await Graph(ctx, peer, token).new_messages(
                mailbox["folder"], str(position.get("link", "")), BATCH
            )
            return Read(messages=found.messages, position={"link": found.link}, more=found.more)
        if mailbox["kind"] == "gmail":
            got = await Gmail(ctx, peer, token).new_messages(mailbox["folder"], position, BATCH)
            return Read(messages=got.messages, position=dict(got.position), more=got.more)
        at = imap.Position(int(position.get("uidvalidity", 0)), int(position.get("uid", 0)))
        batch = await asyncio.to_thread(imap.new_messages, peer, token, mailbox["folder"], at, BATCH)
    except LoginRefused:
        oauth.forget(ctx, peer)
        raise
    return Read(
        messages=[(str(one.uid), one.raw) for one in batch.messages],
        position={"uidvalidity": batch.position.uidvalidity, "uid": batch.position.uid},
        more=batch.more,
        left_out=[str(uid) for uid in batch.too_large],
    )


async def _failed(
    ctx: Context, mailbox: Mapping[str, Any], row: Mapping[str, Any], error: str, *, login: bool
) -> None:
    health = Health(
        failures=row["failures"],
        refused_logins=row["refused_logins"],
        failing_since=row["failing_since"],
        alerted_at=row["alerted_at"],
    )
    verdict = after_failure(health, ctx.now, error, login=login)
    await _note(ctx, mailbox["id"], verdict.values)
    if verdict.pause:
        because = f"The log-in was refused {verdict.values['refused_logins']} times: {error}"[:1000]
        await ctx.records.update(MAILBOXES, mailbox["id"], {"is_paused": True, "paused_because": because})
    if verdict.alert:
        await ctx.emit(MailboxTroubled(mailbox_id=mailbox["id"], paused=verdict.pause, detail=error[:500]))


async def _note(ctx: Context, mailbox_id: UUID, values: Mapping[str, Any]) -> None:
    """Write the health: no audit entry and no event for every look."""
    names = list(values)
    sets = ", ".join(
        f"{name} = ${place}" + ("::jsonb" if name == "position" else "")
        for place, name in enumerate(names, 2)
    )
    given = [
        msgspec.json.encode(values[name]).decode() if name == "position" else values[name] for name in names
    ]
    await ctx.db.execute(f"UPDATE mail.mailbox_health SET {sets} WHERE mailbox = $1", mailbox_id, *given)


def _position(value: Any) -> dict[str, Any]:
    return msgspec.json.decode(value) if isinstance(value, str) else dict(value or {})


SCHEDULES = (every("* * * * *", look_round),)
