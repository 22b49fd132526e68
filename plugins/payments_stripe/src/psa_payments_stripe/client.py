"""Stripe's API, as much of it as is needed: forms in, JSON out, every POST with a key that makes it repeatable."""

import asyncio
import random
from collections.abc import AsyncIterator, Mapping
from typing import Any

import msgspec

from psa_payments_stripe.config import API
from psa_payments_stripe.forms import encoded
from psa_payments_stripe.refusals import problem_of
from psa_sdk import Context
from psa_sdk.errors import Unavailable
from psa_sdk.network import HttpAnswer, Network

VERSION = "2025-03-31.basil"
"""Of the API: answers keep their form until we change this."""
SECONDS = 20.0
TRIES = 3
LONGEST = 4 << 20
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
        attempts = TRIES
        for attempt in range(1, TRIES + 1):
            problem: Unavailable
            pause = 0.0
            try:
                answer = await self._network.request(
                    method,
                    f"{self._base}/v1{path}",
                    headers=headers,
                    content=body.encode(),
                    seconds=SECONDS,
                    max_bytes=LONGEST,
                )
            except Unavailable as error:
                problem = error
            else:
                if not _is_open(answer):
                    return _read(answer)
                problem = Unavailable(
                    f"Stripe answers {answer.status}; try again shortly.", code="stripe_busy"
                )
                pause = _asked_pause(answer)
                attempts = attempts if answer.headers.get("stripe-should-retry") != "false" else 0
            if attempt >= attempts:
                raise problem
            await asyncio.sleep(pause or 0.2 * 2**attempt * random.uniform(0.5, 1.0))  # noqa: S311 - jitter
        raise AssertionError("unreachable")


def _is_open(answer: HttpAnswer) -> bool:
    """Tell whether it isn't known what came of it; 409: something with the same key or object is running."""
    return answer.status in {409, 429} or answer.status >= 500


def _asked_pause(answer: HttpAnswer) -> float:
    text = answer.headers.get("retry-after", "")
    return min(float(text), 5.0) if text.isascii() and text.isdigit() else 0.0


def _read(answer: HttpAnswer) -> Json:
    try:
        found = msgspec.json.decode(answer.content, type=dict[str, Any])
    except msgspec.DecodeError as error:
        if answer.status == 404:
            raise problem_of(404, {"message": "There is no such address."}) from None
        raise Unavailable(
            f"What answers is not Stripe (status {answer.status}).", code="not_stripe"
        ) from error
    if answer.status >= 400:
        said = found.get("error")
        raise problem_of(answer.status, said if isinstance(said, dict) else {})
    return found
