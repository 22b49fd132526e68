"""Clerks at work: runs, invoices, payments, exports over HTTP, each repeated until somebody acknowledges it."""

import asyncio
import random
from collections import Counter
from typing import Any
from uuid import uuid4

import httpx

from .desk import EXCUSED
from .installation import PATIENCE

REFUSED = frozenset((409, 422))
"""A refusal is an answer: somebody else was faster."""


class Till:
    """Several clerks on one address, until told to leave; what they were promised is kept."""

    def __init__(
        self, url: str, headers: dict[str, str], companies: list[str], through: str, seed: int
    ) -> None:
        self._url, self._headers, self._through = f"{url}/api/v1", headers, through
        self._companies, self._dice = companies, random.Random(seed)
        self._leaving = False
        self._tasks: list[asyncio.Task[None]] = []
        self.answered = 0
        self.payments: dict[str, str] = {}
        self.numbers: dict[str, str] = {}
        self.batches: set[str] = set()
        self.troubles: Counter[str] = Counter()

    def open(self, clerks: int) -> None:
        self._tasks = [asyncio.create_task(self._work()) for _ in range(clerks)]

    async def close(self) -> None:
        self._leaving = True
        async with asyncio.timeout(PATIENCE):
            await asyncio.gather(*self._tasks)

    async def progress(self, answers: int) -> None:
        """Wait until so many more requests were answered."""
        goal = self.answered + answers
        async with asyncio.timeout(PATIENCE):
            while self.answered < goal:
                for task in self._tasks:
                    if task.done():
                        task.result()
                await asyncio.sleep(0.01)

    async def _work(self) -> None:
        async with httpx.AsyncClient(headers=self._headers, timeout=15, verify=False) as client:
            while not self._leaving:
                what = self._dice.choice(
                    (self._run, self._run, self._pay, self._pay, self._write, self._annul)
                )
                await what(client, self._dice.choice(self._companies))

    async def _run(self, client: httpx.AsyncClient, company: str) -> None:
        body = {"companies": [company], "through": self._through, "finalise": self._dice.random() < 0.7}
        made = await self.ask(client, "/invoices/generate/batch", "generate", body)
        if made:
            self.batches.add(made["id"])

    async def _pay(self, client: httpx.AsyncClient, company: str) -> None:
        amount = self._dice.choice(("5.00", "10.00", "35.00"))
        made = await self.ask(client, "/payments", "payments", {"amount": amount}, company)
        if made:
            self.payments[made["id"]] = made["attributes"]["amount"]

    async def _write(self, client: httpx.AsyncClient, company: str) -> None:
        made = await self.ask(client, "/invoices", "invoices", {}, company)
        assert made
        at = f"/invoices/{made['id']}"
        await self.ask(client, f"{at}/lines", "invoice-lines", {"description": "Work", "unit_price": "7"})
        done = await self.ask(client, f"{at}/finalise", "finalise", {})
        if done:
            self.numbers[made["id"]] = done["attributes"]["invoice_number"]

    async def _annul(self, client: httpx.AsyncClient, company: str) -> None:
        if self.numbers:
            invoice = self._dice.choice(list(self.numbers))
            verb = self._dice.choice(("void", "credit"))
            await self.ask(client, f"/invoices/{invoice}/{verb}", verb, {"reason": "At random"})

    async def ask(
        self,
        client: httpx.AsyncClient,
        path: str,
        type_: str,
        attributes: dict[str, Any],
        company: str = "",
    ) -> dict[str, Any] | None:
        """Post until it is answered; returns what was made, None where it was refused."""
        document: dict[str, Any] = {"data": {"type": type_, "attributes": attributes}}
        if company:
            document["data"]["relationships"] = {"company": {"data": {"type": "companies", "id": company}}}
        key = {"Idempotency-Key": str(uuid4())}
        while True:
            try:
                answer = await client.post(self._url + path, json=document, headers=key)
            except httpx.TransportError as error:
                self.troubles[type(error).__name__] += 1
                await asyncio.sleep(0.05)
                continue
            code = "" if answer.is_success else answer.json()["errors"][0]["code"]
            if answer.status_code not in EXCUSED and code != "idempotency_key_in_use":
                break
            self.troubles[f"{answer.status_code} {code}"] += 1
            await asyncio.sleep(0.05)
        self.answered += 1
        if answer.status_code in REFUSED:
            return None
        assert answer.is_success, f"POST {path}: {answer.status_code} {answer.text}"
        return answer.json()["data"]
