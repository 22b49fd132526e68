"""Short ways to say what these tests often say."""

import asyncio
from itertools import count
from typing import Any
from uuid import UUID

import httpx

from psa_billing.testing import PaidTenant
from psa_sdk.testing import Client, Kit

from .double import KEY, SECRET, Double, signed


class Shop(PaidTenant):
    """A tenant that is paid through Stripe, and Stripe itself."""

    def __init__(self, kit: Kit, finance: Client, stripe: Double) -> None:
        super().__init__(kit, finance, "stripe")
        self.stripe = stripe
        self._events = count(1)

    @classmethod
    async def open(cls, kit: Kit, stripe: Double, **config: str) -> "Shop":
        found = cls(kit, await kit.staff(roles=("finance",), name="Fran Finance"), stripe)
        await found.configure(secret_key=KEY, webhook_secret=SECRET, api=stripe.url, **config)
        return found

    def about(self, *about: tuple[str, str]) -> list[bytes]:
        """Return the bodies of events, by type and thing."""
        return [
            self.stripe.event(type, thing, f"evt_{self.kit.slug}_{next(self._events)}")[0]
            for type, thing in about
        ]

    async def told(self, *bodies: bytes, work: bool = True) -> list[int]:
        """Deliver events all at once and work on them; returns the statuses of the answers."""
        answers = await asyncio.gather(*(self.send(body) for body in bodies))
        if work:
            await self.kit.drain()
        return [answer.status_code for answer in answers]

    async def send(self, body: bytes, headers: dict[str, str] | None = None) -> httpx.Response:
        return await self.deliver(
            "/payments-stripe/events", body, headers or signed(body, self.kit.now.timestamp())
        )

    async def charge(self, invoice: str, method: str) -> httpx.Response:
        body = {"invoices": [invoice], "saved_method": method}
        return await self.finance.post("/payments/process-card", body)

    async def card(self, company: UUID, last4: str = "4242") -> str:
        """Let a client store a card; returns Stripe's id."""
        urls = {"success_url": "https://desk.example.com/ok", "cancel_url": "https://desk.example.com/no"}
        answer = await self.finance.post(f"/companies/{company}/saved-payment-methods", urls)
        assert answer.status_code == 201, answer.text
        session = answer.json()["data"]["attributes"]["redirect"].rsplit("/", 1)[-1]
        stored = self.stripe.store(session, last4)
        await self.told(*self.about(("checkout.session.completed", session)))
        return stored

    async def methods(self, company: UUID) -> list[dict[str, Any]]:
        found = await self.finance.get("/saved-payment-methods", params={"filter[company]": str(company)})
        return [{"id": one["id"], **one["attributes"]} for one in found.json()["data"]]
