"""PayPal's REST API, as much of it as is needed: JSON in and out, every POST with a key that makes it repeatable."""

import base64
import time
from collections.abc import Mapping
from typing import Any

import msgspec

from psa_billing.api import ask_patiently, json_of
from psa_payments_paypal.config import address
from psa_payments_paypal.refusals import problem_of
from psa_sdk import Context
from psa_sdk.network import HttpAnswer, Network

TITLE = "PayPal"
EARLY = 60.0
"""Seconds before its end at which an access token is no longer used."""
Json = dict[str, Any]
_tokens: dict[tuple[str, str, int], tuple[float, str]] = {}
"""By address, client and secret: until when an access token is good (monotonic), and it."""


class Client:
    """Asks PayPal on behalf of a tenant. Holds no connection to the database; call it outside."""

    def __init__(self, ctx: Context, config: Mapping[str, str]) -> None:
        """Use the tenant's stored config."""
        self._network = ctx.service(Network)
        self._base = address(config)
        self._login = f"{config['client_id']}:{config['client_secret']}"
        self._key = (self._base, config["client_id"], hash(config["client_secret"]))

    async def get(self, path: str) -> Json:
        """Return an object; raises `Refused`, `Invalid`, `Unavailable`."""
        return await self._call("GET", path, b"", {})

    async def post(self, path: str, body: Mapping[str, Any], key: str) -> Json:
        """Do something once per `key`; raises `Unavailable` where it isn't known whether it was done."""
        headers = {"PayPal-Request-Id": key, "Prefer": "return=representation"}
        return await self._call("POST", path, msgspec.json.encode(body), headers)

    async def ask(self, path: str, body: bytes) -> Json:
        """Ask something that changes nothing, with a body that is JSON already."""
        return await self._call("POST", path, body, {})

    async def log_in(self) -> str:
        """Return an access token that is good now, from memory or from PayPal (RFC 6749, 4.4)."""
        until, token = _tokens.get(self._key, (0.0, ""))
        if token and time.monotonic() < until:
            return token
        found = _read(
            await ask_patiently(
                self._network,
                TITLE,
                "POST",
                f"{self._base}/v1/oauth2/token",
                headers={
                    "Authorization": f"Basic {base64.b64encode(self._login.encode()).decode()}",
                    "Content-Type": "application/x-www-form-urlencoded",
                    "Accept": "application/json",
                },
                content=b"grant_type=client_credentials",
            )
        )
        if len(_tokens) > 10_000:
            _tokens.clear()
        _tokens[self._key] = (time.monotonic() + int(found["expires_in"]) - EARLY, found["access_token"])
        return found["access_token"]

    async def _call(self, method: str, path: str, content: bytes, headers: Mapping[str, str]) -> Json:
        answer = await self._send(method, path, content, headers)
        if answer.status == 401:  # the token was taken back
            _tokens.pop(self._key, None)
            answer = await self._send(method, path, content, headers)
        return _read(answer)

    async def _send(self, method: str, path: str, content: bytes, headers: Mapping[str, str]) -> HttpAnswer:
        sent = {
            "Authorization": f"Bearer {await self.log_in()}",
            "Content-Type": "application/json",
            "Accept": "application/json",
            **headers,
        }
        return await ask_patiently(
            self._network, TITLE, method, f"{self._base}{path}", headers=sent, content=content
        )


def _read(answer: HttpAnswer) -> Json:
    found = json_of(answer, TITLE)
    if answer.status >= 400:
        raise problem_of(answer.status, found)
    return found
