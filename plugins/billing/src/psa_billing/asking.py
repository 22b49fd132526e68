"""Asking a gateway over HTTP: requests that may be repeated are, and what doesn't answer in JSON isn't the gateway."""

import asyncio
import secrets
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from psa_sdk.errors import Conflict, Unavailable
from psa_sdk.network import HttpAnswer, Network

SECONDS = 20
TRIES = 3
LONGEST = 4 << 20
"""Bytes of an answer."""


class Refused(Conflict):
    """A gateway understood and said no; `reason` is its word for it.

    `hard` tells that trying the same again is pointless, `gone` that the thing doesn't exist.
    """

    def __init__(
        self, detail: str, *, provider: str, reason: str, hard: bool = False, gone: bool = False
    ) -> None:
        """Keep what callers decide by."""
        super().__init__(detail, code=f"{provider}_refused", meta={"reason": reason})
        self.reason = reason
        self.hard = hard
        self.gone = gone


async def ask_patiently(
    network: Network,
    title: str,
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    content: bytes = b"",
    is_final: Callable[[HttpAnswer], bool] = lambda _: False,
) -> HttpAnswer:
    """Make a request that is harmless when repeated, three times at most; `title` is the gateway's name for people.

    Raises `Unavailable` where it isn't known what came of it: no answer, 409 (the same is running), 429, 5xx.
    `is_final` tells of such an answer that another try is pointless.
    """
    for left in reversed(range(TRIES)):
        pause = 0
        try:
            answer = await network.request(
                method, url, headers=headers, content=content, seconds=SECONDS, max_bytes=LONGEST
            )
        except Unavailable:
            if not left:
                raise
        else:
            if answer.status not in {409, 429} and answer.status < 500:
                return answer
            if not left or is_final(answer):
                raise Unavailable(f"{title} answers {answer.status}; try again shortly.", code="gateway_busy")
            pause = _asked_pause(answer)
        shortest = 200 * 2 ** (TRIES - 1 - left)
        # Not all at once: whoever was refused together would come back together.
        await asyncio.sleep((pause or shortest + secrets.randbelow(shortest)) / 1000)
    raise AssertionError("unreachable")


def _asked_pause(answer: HttpAnswer) -> int:
    """Return how many milliseconds an answer asks for, five seconds at most; 0 where it doesn't."""
    text = answer.headers.get("retry-after", "")
    return min(int(text), 5) * 1000 if text.isascii() and text.isdigit() else 0


def json_of(answer: HttpAnswer, title: str) -> dict[str, Any]:
    """Return an answer's object, empty where there is none; raises `Unavailable` for anything else."""
    if not answer.content:
        return {}
    try:
        return msgspec.json.decode(answer.content, type=dict[str, Any])
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        if answer.status == 404:
            return {}
        raise Unavailable(
            f"What answers is not {title} (status {answer.status}).", code="not_the_gateway"
        ) from error
