"""The door of the log-in: one at work, a short queue, and everybody else is told to come again.

Whose password another server checks waits outside, so that a directory that hangs keeps nobody else's log-in up.

Who waits here holds no connection and no memory to speak of, so that a storm of log-ins stalls nobody else (S1).
"""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final
from uuid import UUID
from weakref import WeakKeyDictionary

from psa_sdk.errors import Unavailable

if TYPE_CHECKING:
    from psa_kernel.kernel import Kernel

_AT_WORK: Final = 1
_WAITING: Final = 64
_ELSEWHERE: Final = 16


class _Door:
    """A process's own."""

    def __init__(self) -> None:
        self._places = asyncio.Semaphore(_AT_WORK)
        self._inside = 0
        self._elsewhere: Counter[UUID] = Counter()

    @asynccontextmanager
    async def passed(self) -> AsyncGenerator[None]:
        """Wait for a place; raises `Unavailable` when too many wait already."""
        if self._inside >= _AT_WORK + _WAITING:
            raise _full()
        self._inside += 1
        try:
            async with self._places:
                yield
        finally:
            self._inside -= 1

    @asynccontextmanager
    async def elsewhere(self, tenant_id: UUID) -> AsyncGenerator[None]:
        """Count who waits for a tenant's other server; raises `Unavailable` when too many do already."""
        if self._elsewhere[tenant_id] >= _ELSEWHERE:
            raise _full()
        self._elsewhere[tenant_id] += 1
        try:
            yield
        finally:
            self._elsewhere[tenant_id] -= 1
            if not self._elsewhere[tenant_id]:
                del self._elsewhere[tenant_id]


def _full() -> Unavailable:
    return Unavailable(
        "Too many people are logging in at this moment; try again in a few seconds.",
        code="login_queue_full",
        headers={"Retry-After": "2"},
    )


_doors: "WeakKeyDictionary[Kernel, _Door]" = WeakKeyDictionary()


def door(kernel: "Kernel") -> _Door:
    """Return the door of a process's log-ins."""
    return _doors.setdefault(kernel, _Door())
