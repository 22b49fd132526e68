"""Working off what came in, in order and once: each message ends processed, held or visibly failed (MAIL-03)."""

import asyncio
import traceback
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from psa_mail import mime_reading
from psa_mail.api import INCOMING, MailReceived, MailSetAside
from psa_mail.cases import Outcome
from psa_mail.deciding import decide
from psa_sdk import Context, actor
from psa_sdk.errors import Problem, Unavailable

BATCH = 5
"""Messages of one transaction."""
NEXT = """
SELECT id FROM mail.incoming WHERE state = 'received' ORDER BY number LIMIT $1"""
TURN = "SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0))"


@actor(max_attempts=20)
async def work_off(ctx: Context) -> None:
    """Work off what waits, a few in this transaction; one process of the tenant at a time, so that order holds."""
    if not await ctx.db.fetch_value(TURN, f"{ctx.tenant_id}|mail.work_off"):
        await ctx.send(work_off, delay=timedelta(seconds=1))
        return
    rows = await ctx.db.fetch(NEXT, BATCH + 1)
    for row in rows[:BATCH]:
        await work_on(ctx, await ctx.records.get(INCOMING, row["id"], lock=True))
    if len(rows) > BATCH:
        await ctx.send(work_off)


async def work_on(ctx: Context, row: Mapping[str, Any], *, release: bool = False) -> None:
    """Work on one stored message; what goes wrong is undone and told on its row."""
    values: dict[str, Any] = {"attempts": row["attempts"] + 1}
    try:
        async with ctx.savepoint():
            raw = b"".join([chunk async for chunk in ctx.as_system().files.read(row["source_file"])])
            mail = await asyncio.to_thread(mime_reading.read, raw)
            values |= _seen(mail)
            outcome = await decide(ctx, row, mail, release=release)
            values |= _told(outcome)
    except (Unavailable, OSError):
        # The database or the store is away: not the message's fault.
        raise
    except Exception as error:  # noqa: BLE001 - whatever a message does, it stays visible and can be tried again
        values |= {"state": "failed", "error": _describe(error)}
    await ctx.as_system().records.update(INCOMING, row["id"], values)
    if values["state"] in {"failed", "held"} and values.get("ticket") is None:
        await ctx.emit(
            MailSetAside(
                incoming_id=row["id"],
                mailbox_id=row["mailbox"],
                state=values["state"],
                sender=values.get("sender", ""),
                detail=values["error"][:500],
            )
        )
    if values["state"] == "processed":
        await ctx.emit(
            MailReceived(incoming_id=row["id"], outcome=values["outcome"], ticket_id=values["ticket"])
        )


def _seen(mail: mime_reading.Mail) -> dict[str, Any]:
    return {
        "sender": mail.sender.email,
        "sender_name": mail.sender.name,
        "title": mail.subject,
        "sent_at": mail.sent_at,
    }


def _told(outcome: Outcome) -> dict[str, Any]:
    return {
        "state": "held" if outcome.became == "held" else "processed",
        "outcome": outcome.became,
        "verdict": outcome.verdict,
        "verdict_reason": outcome.because[:1000],
        "matched_by": outcome.matched_by,
        "dmarc": outcome.dmarc,
        "ticket": outcome.ticket,
        "note": outcome.note,
        "error": outcome.detail[:2000],
    }


def _describe(error: Exception) -> str:
    if isinstance(error, Problem):
        return str(error)[:2000]
    place = traceback.extract_tb(error.__traceback__)[-1]
    return (
        f"{type(error).__name__}: {error} ({place.name}, {place.filename.rsplit('/', 1)[-1]}:{place.lineno})"[
            :2000
        ]
    )
