"""Short ways to say what these tests often say."""

import asyncio
from itertools import count
from typing import Any

import httpx

from psa_billing.testing import PaidTenant
from psa_sdk.testing import Client, Kit

from .double import CLIENT, SECRET, WEBHOOK, Double

EVENTS = "/payments-paypal/events"


class Shop(PaidTenant):
    """A tenant that is paid through PayPal, and PayPal itself."""

    def __init__(self, kit: Kit, finance: Client, paypal: Double) -> None:
        super().__init__(kit, finance, "paypal")
        self.paypal = paypal
        self._events = count(1)

    @classmethod
    async def open(cls, kit: Kit, paypal: Double) -> "Shop":
        found = cls(kit, await kit.staff(roles=("finance",), name="Fran Finance"), paypal)
        await found.configure(client_id=CLIENT, client_secret=SECRET, webhook_id=WEBHOOK, api=paypal.url)
        return found

    def event(self, type: str, resource: dict[str, Any]) -> tuple[bytes, dict[str, str]]:
        return self.paypal.event(type, resource, f"WH-{self.kit.slug}-{next(self._events)}")

    async def told(self, *events: tuple[bytes, dict[str, str]]) -> list[int]:
        """Deliver events all at once and work on them; returns the statuses of the answers."""
        answers = await asyncio.gather(*(self.deliver(EVENTS, *one) for one in events))
        await self.kit.drain()
        return [answer.status_code for answer in answers]

    async def approved(self, order: str) -> None:
        """Tell that the payer agreed."""
        assert await self.told(self.event("CHECKOUT.ORDER.APPROVED", self.paypal.orders[order])) == [204]

    def capture_of(self, order: str) -> dict[str, Any]:
        [found] = self.paypal.orders[order]["purchase_units"][0]["payments"]["captures"]
        return found

    async def tested(self) -> httpx.Response:
        return await self.finance.post("/payment-gateway/test", {"provider": "paypal"})
