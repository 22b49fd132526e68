"""Stripe's API, as much of it as is needed: forms in, JSON out, every POST with a key that makes it repeatable."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

from psa_billing.api import ask_patiently, json_of
from psa_payments_stripe.config import API
from psa_payments_stripe.forms import encoded
from psa_payments_stripe.refusals import problem_of
from psa_sdk import Context
from psa_sdk.network import Network

VERSION = "2025-03-31.basil"
"""Of the API: answers keep their form until we change this."""
TITLE = "Stripe"
Json = dict[str, Any]


class Client:
    """Asks Stripe on behalf of a tenant. Holds no connection to the database; call it outside."""

    def __init__(self, ctx: Context, config: Mapping[str, str]) -> None:
        """Use the tenant's stored config."""
        self._network = ctx.service(Network)
        self._base = config.get("api") or API
        self._headers = {
            "Authorization": f"Bearer {config['secret_key']}",
            "Stripe-Version": VERSION,
            "Accept": "application/json",
        }

    async def get(self, path: str, **query: Any) -> Json:
        """Return an object or a page of a list; raises `Refused`, `Invalid`, `Unavailable`."""
        asked = encoded(query)
        return await self._call("GET", f"{path}?{asked}" if asked else path)

    async def post(self, path: str, key: str, **body: Any) -> Json:
        """Do something once per `key`; raises `Unavailable` where it isn't known whether it was done."""
        return await self._call("POST", path, encoded(body), key)

    async def all(self, path: str, **query: Any) -> AsyncIterator[Json]:
        """Iterate over a list, page by page."""
        last = ""
        while True:
            page = await self.get(path, limit=100, starting_after=last, **query)
            for item in page["data"]:
                yield item
            if not page.get("has_more") or not page["data"]:
                return
            last = page["data"][-1]["id"]

    async def _call(self, method: str, path: str, body: str = "", key: str = "") -> Json:
        headers = dict(self._headers)
        if method == "POST":
            headers |= {"Content-Type": "application/x-www-form-urlencoded", "Idempotency-Key": key}
        answer = await ask_patiently(
            self._network,
            TITLE,
            method,
            f"{self._base}/v1{path}",
            headers=headers,
            content=body.encode(),
            is_final=lambda one: one.headers.get("stripe-should-retry") == "false",
        )
        found = json_of(answer, TITLE)
        if answer.status >= 400:
            said = found.get("error")
            raise problem_of(answer.status, said if isinstance(said, dict) else {})
        return found
