"""IDLE beside the server: whoever holds a mailbox's watch rings, and a job does the reading.

A bell that is lost costs nothing: each mailbox is read every minute anyway. One process watches a mailbox at a time;
when it dies, another takes the watch over after a minute.
"""

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from uuid import UUID

import structlog

from psa_mail import imap
from psa_mail.api import MAILBOXES
from psa_mail.collecting import collect, token_for
from psa_mail.peers import LoginRefused, Peer, PeerTrouble, peer_of
from psa_sdk import Platform
from psa_sdk.errors import Problem
from psa_sdk.tables import new_id

ROUND = 20.0
"""Seconds between looks for mailboxes that nobody watches."""
LEASE = 60
WATCH = 15 * 60.0
"""Seconds of one IDLE; servers end those of half an hour (RFC 2177)."""
MOST = 200
"""Mailboxes that one process watches."""
TAKE = """
UPDATE mail.mailbox_health h SET watched_by = $1, watched_until = now() + make_interval(secs => $2)
FROM mail.mailbox m WHERE m.id = h.mailbox AND m.kind = 'imap' AND NOT m.is_paused AND h.state = 'working'
    AND (h.watched_by = $1 OR h.watched_until IS NULL OR h.watched_until < now())
RETURNING h.mailbox"""

log = structlog.get_logger("psa.mail")


@asynccontextmanager
async def watching(platform: Platform) -> AsyncGenerator[None]:
    """Watch mailboxes while the server runs."""
    task = asyncio.create_task(_Watch(platform).run(), name="mail watch")
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


class _Watch:
    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._name = f"{os.getpid()}-{new_id().hex[-8:]}"
        self._tasks: dict[tuple[UUID, UUID], asyncio.Task[None]] = {}
        self._threads = ThreadPoolExecutor(MOST, thread_name_prefix="idle")

    async def run(self) -> None:
        try:
            while True:
                await asyncio.sleep(ROUND)
                try:
                    await self._look_round()
                except Exception as error:  # noqa: BLE001 - the database may be away; the next round tries again
                    log.warning("mailboxes can't be watched", error=str(error))
        finally:
            for task in self._tasks.values():
                task.cancel()
            await asyncio.gather(*self._tasks.values(), return_exceptions=True)
            self._threads.shutdown(wait=False, cancel_futures=True)

    async def _look_round(self) -> None:
        held: set[tuple[UUID, UUID]] = set()
        for tenant in await self._platform.tenants():
            async with self._platform.unit(tenant) as ctx:
                rows = await ctx.db.fetch(TAKE, self._name, LEASE)
                held |= {(tenant, row["mailbox"]) for row in rows}
        for key, task in list(self._tasks.items()):
            if task.done() or key not in held:
                task.cancel()
                del self._tasks[key]
        for key in sorted(held - self._tasks.keys())[: MOST - len(self._tasks)]:
            self._tasks[key] = asyncio.create_task(self._hold(*key))

    async def _hold(self, tenant: UUID, mailbox_id: UUID) -> None:
        """Hold IDLE on one mailbox until it fails or is given up."""
        try:
            async with self._platform.unit(tenant) as ctx:
                mailbox = await ctx.records.get(MAILBOXES, mailbox_id)
                peer = await peer_of(ctx, MAILBOXES, mailbox)
                token = await token_for(ctx, peer)
            await self._idle(tenant, mailbox_id, peer, token, mailbox["folder"])
        except (LoginRefused, PeerTrouble, Problem) as error:
            log.info("a mailbox is not watched for now", mailbox=str(mailbox_id), error=str(error))

    async def _idle(self, tenant: UUID, mailbox_id: UUID, peer: Peer, token: str, folder: str) -> None:
        loop, bell = asyncio.get_running_loop(), asyncio.Event()
        stop, stopped = socket.socketpair()
        waiting = loop.run_in_executor(
            self._threads,
            lambda: imap.wait_for_mail(
                peer, token, folder, stop, lambda: loop.call_soon_threadsafe(bell.set), WATCH
            ),
        )
        ringing = asyncio.create_task(self._ring(tenant, mailbox_id, bell))
        try:
            await asyncio.shield(waiting)
        finally:
            ringing.cancel()
            stopped.send(b"x")
            with contextlib.suppress(Exception):
                await waiting
            stop.close()
            stopped.close()

    async def _ring(self, tenant: UUID, mailbox_id: UUID, bell: asyncio.Event) -> None:
        while True:
            await bell.wait()
            bell.clear()
            async with self._platform.unit(tenant) as ctx:
                await ctx.send(collect, mailbox_id=mailbox_id)
