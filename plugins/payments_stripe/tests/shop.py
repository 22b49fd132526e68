"""Short ways to say what these tests often say."""

import asyncio
from datetime import timedelta
from itertools import count
from typing import Any
from uuid import UUID

import httpx

from psa_billing.api import GatewayLedger
from psa_sdk.testing import Client, Kit

from .double import KEY, SECRET, Double, signed


class Shop:
    """A tenant that is paid through Stripe: its finance, its clients' portal, and Stripe itself."""

    def __init__(self, kit: Kit, stripe: Double) -> None:
        self.kit, self.stripe = kit, stripe
        self._events = count(1)

    @classmethod
    async def open(cls, kit: Kit, stripe: Double, **config: str) -> "Shop":
        found = cls(kit, stripe)
        found.finance = await kit.staff(roles=("finance",), name="Fran Finance")
        await found.configure(secret_key=KEY, webhook_secret=SECRET, api=stripe.url, **config)
        return found

    finance: Client

    async def configure(self, **config: str) -> None:
        answer = await self.finance.put("/payment-gateway/config", {"provider": "stripe", "config": config})
        assert answer.status_code == 200, answer.text

    async def company(self) -> UUID:
        return (await self.kit.make("companies")).id

    async def invoice(self, company: UUID, price: str = "100.00", **values: Any) -> str:
        """Finalise an invoice that is due today; returns its id."""
        values = {"due_date": str(self.kit.now.date()), **values}
        draft = await self.finance.post("/invoices", values, {"company": company})
        assert draft.status_code == 201, draft.text
        made = draft.json()["data"]["id"]
        line = {"description": "Work", "quantity": "1", "unit_price": price}
        answer = await self.finance.post(f"/invoices/{made}/lines", line, type="invoice-lines")
        assert answer.status_code == 201, answer.text
        answer = await self.finance.post(f"/invoices/{made}/finalise")
        assert answer.status_code == 200, answer.text
        return made

    async def state(self, invoice: str) -> tuple[str, str]:
        """Return an invoice's status and what is open of it."""
        found = (await self.finance.get(f"/invoices/{invoice}")).json()["data"]["attributes"]
        return found["status"], found["balance_due"]

    async def invoice_of(self, invoice: str) -> dict[str, Any]:
        return (await self.finance.get(f"/invoices/{invoice}")).json()["data"]["attributes"]

    async def client(self, company: UUID) -> Client:
        contact = (await self.kit.make("contacts", company=company)).id
        grants = ("portal.invoices.read", "portal.invoices.pay")
        found = await self.kit.portal(company, *grants, contact_id=contact, admin=True)
        await found.account_id()  # there before several requests at once
        return found

    async def pay(self, client: Client, invoice: str) -> httpx.Response:
        return await client.post(f"/portal/invoices/{invoice}/pay")

    async def page(self, client: Client, invoice: str) -> str:
        """Begin to pay in the portal; returns the page at Stripe."""
        answer = await self.pay(client, invoice)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]["attributes"]["redirect"].rsplit("/", 1)[-1]

    def events(self, *about: tuple[str, str]) -> list[bytes]:
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
        sent = headers or signed(body, self.kit.now.timestamp())
        return await self.kit.anonymous().request(
            "POST", "/payments-stripe/events", content=body, headers=sent
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
        await self.told(*self.events(("checkout.session.completed", session)))
        return stored

    async def methods(self, company: UUID) -> list[dict[str, Any]]:
        found = await self.finance.get("/saved-payment-methods", params={"filter[company]": str(company)})
        return [{"id": one["id"], **one["attributes"]} for one in found.json()["data"]]

    async def payments(self, company: UUID) -> list[dict[str, Any]]:
        found = await self.finance.get("/payments", params={"filter[company]": str(company)})
        return [{"id": one["id"], **one["attributes"]} for one in found.json()["data"]]

    async def run(self, actor: Any, **arguments: Any) -> None:
        """Send background work and do all that is due."""
        async with self.kit.unit() as ctx:
            await ctx.send(actor, **arguments)
        await self.kit.drain()

    def later(self, **by: int) -> None:
        self.kit.advance(timedelta(**by))

    async def config(self) -> Any:
        async with self.kit.unit() as ctx:
            return await ctx.service(GatewayLedger).config("stripe")
