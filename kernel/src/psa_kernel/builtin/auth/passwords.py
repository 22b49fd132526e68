"""Password hashes: Argon2id in PHC form, computed beside the event loop in a queue that can be full."""

import asyncio
import functools
import os
import secrets
import sys
import threading
import unicodedata
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import msgspec
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from psa_sdk.errors import Unavailable

T = TypeVar("T")
MAX_LENGTH = 1024
_QUEUE = 64


class Verdict(msgspec.Struct, frozen=True):
    """The outcome of a check; `rehashed` is a hash with today's parameters when the stored one is older."""

    matches: bool
    rehashed: str = ""


class Passwords:
    """Hashes and checks passwords, one at a time (19 MiB and about 30 ms each).

    More than 64 waiting answer `Unavailable` instead of growing the queue.
    """

    def __init__(self, *, time_cost: int = 2, memory_cost: int = 19456) -> None:
        self._hasher = PasswordHasher(time_cost=time_cost, memory_cost=memory_cost, parallelism=1)
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="psa-argon2", initializer=_step_back)
        self._waiting = 0
        self._dummy = self._hasher.hash(secrets.token_hex(16))

    async def hash(self, password: str) -> str:
        """Return the PHC string of a password."""
        return await self._run(lambda: self._hasher.hash(normalised(password)))

    async def check(self, phc: str | None, password: str) -> Verdict:
        """Compare with a stored hash; without one, spend the same time and refuse."""
        return await self._run(lambda: self._check(phc, password))

    async def matches_any(self, stored: Sequence[str], password: str) -> bool:
        """Tell whether a password is among earlier ones."""
        return await self._run(lambda: any(self._check(phc, password).matches for phc in stored))

    async def compute(self, work: Callable[[], T]) -> T:
        """Run other heavy password work in the same queue."""
        return await self._run(work)

    def close(self) -> None:
        """Let go of the thread."""
        self._executor.shutdown(wait=False, cancel_futures=True)

    def _check(self, phc: str | None, password: str) -> Verdict:
        usable = phc if len(password) <= MAX_LENGTH else None
        try:
            self._hasher.verify(usable or self._dummy, normalised(password[:MAX_LENGTH]))
        except (VerificationError, InvalidHashError):
            return Verdict(False)
        if not usable:
            return Verdict(False)
        outdated = self._hasher.check_needs_rehash(usable)
        return Verdict(True, self._hasher.hash(normalised(password)) if outdated else "")

    async def _run(self, work: Callable[[], T]) -> T:
        if self._waiting >= _QUEUE:
            raise Unavailable(
                "Too many people are logging in at this moment; try again in a few seconds.",
                code="login_queue_full",
                headers={"Retry-After": "2"},
            )
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._executor, work)
        finally:
            self._waiting -= 1


def _step_back() -> None:
    """Let the thread that serves requests come first: on Linux a thread has a priority of its own."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), os.getpriority(os.PRIO_PROCESS, 0) + 5)


@functools.cache
def passwords() -> Passwords:
    """Return the hasher of this process."""
    return Passwords()


def normalised(password: str) -> str:
    r"""Return a password in NFC: keyboards differ in how they compose the same character.

    Example:
        >>> normalised("cafe\u0301") == normalised("caf\u00e9")
        True
    """
    return unicodedata.normalize("NFC", password)
