"""Clients at work: each opens tickets, adds notes and edits, and repeats what nobody acknowledged."""

import asyncio
import time
from collections import Counter
from typing import Any
from uuid import uuid4

import httpx

from .installation import PATIENCE
from .ledger import Ledger

EXCUSED = frozenset((429, 502, 503, 504))
"""What a client may be told while something is down."""
PAUSE = 0.1
"""Seconds between two writes of a client: people type, and a machine that is only just keeping up proves no more."""


class Desk:
    """Several clients on one address, until told to leave."""

    def __init__(self, url: str, headers: dict[str, str], ledger: Ledger, clients: int) -> None:
        self._url = f"{url}/api/v1"
        self._headers = headers
        self._ledger = ledger
        self._leaving = False
        self._clients = clients
        self._tasks: list[asyncio.Task[None]] = []
        self.acknowledged = [0] * clients
        self.troubles: Counter[str] = Counter()
        self.forbidden: list[str] = []
        self.last_success = 0.0

    async def __aenter__(self) -> "Desk":
        self._tasks = [asyncio.create_task(self._work(number)) for number in range(self._clients)]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._leaving = True
        async with asyncio.timeout(PATIENCE):
            await asyncio.gather(*self._tasks)

    async def progress(self, each: int) -> None:
        """Wait until every client has had so many more writes acknowledged."""
        goals = [done + each for done in self.acknowledged]
        async with asyncio.timeout(PATIENCE):
            while any(done < goal for done, goal in zip(self.acknowledged, goals, strict=True)):
                for task in self._tasks:
                    if task.done():
                        task.result()
                await asyncio.sleep(0.01)

    async def success_since(self, moment: float) -> float:
        """Wait for the first write that began after a moment; returns the seconds it took from then on."""
        async with asyncio.timeout(PATIENCE):
            while self.last_success < moment:
                await asyncio.sleep(0.005)
        return time.monotonic() - moment

    async def _work(self, number: int) -> None:
        turn = 0
        async with httpx.AsyncClient(headers=self._headers, timeout=15, verify=False) as client:
            while not self._leaving:
                mark = f"client {number} turn {turn}"
                ticket = await self._write(
                    client, number, "POST", "tickets", "/tickets", {"title": mark}, mark
                )
                for kind in ("public", "internal"):
                    note = {"content": f"{mark} {kind}", "note_type": kind}
                    path = f"/tickets/{ticket}/notes"
                    await self._write(client, number, "POST", "comments", path, note, note["content"])
                edit = {"external_number": mark}
                await self._write(
                    client, number, "PATCH", "tickets", f"/tickets/{ticket}", edit, mark, ticket
                )
                turn += 1

    async def _write(
        self,
        client: httpx.AsyncClient,
        number: int,
        method: str,
        type_: str,
        path: str,
        attributes: dict[str, Any],
        mark: str,
        id: str | None = None,
    ) -> str:
        """Send one write until it is acknowledged; returns the record's id."""
        document = {"data": {"type": type_, "attributes": attributes} | ({"id": id} if id else {})}
        key = {"Idempotency-Key": str(uuid4())} if method == "POST" else {}
        while True:
            began = time.monotonic()
            try:
                answer = await client.request(method, self._url + path, json=document, headers=key)
            except httpx.TransportError as error:
                self.troubles[type(error).__name__] += 1
                await asyncio.sleep(0.05)
                continue
            if answer.is_success:
                break
            self._complain(method, path, answer)
            await asyncio.sleep(0.05)
        self.last_success = max(self.last_success, began)
        self.acknowledged[number] += 1
        written = answer.json()["data"]["id"]
        self._ledger.keep(
            kind=f"{method} {type_}",
            id=written,
            mark=mark,
            request_id=answer.headers["x-request-id"],
            replayed="idempotent-replayed" in answer.headers,
        )
        await asyncio.sleep(PAUSE)
        return written

    def _complain(self, method: str, path: str, answer: httpx.Response) -> None:
        code = answer.json()["errors"][0]["code"]
        self.troubles[f"{answer.status_code} {code}"] += 1
        # The first try may still run on a server whose client is gone; asking again is what it says to do.
        if answer.status_code not in EXCUSED and code != "idempotency_key_in_use":
            self.forbidden.append(f"{method} {path}: {answer.status_code} {answer.text}")
            assert len(self.forbidden) < 50, self.forbidden
