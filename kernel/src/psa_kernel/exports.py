"""Places for exports: each holds a database connection for as long as its client takes to read."""

from collections.abc import AsyncGenerator, Generator
from contextlib import aclosing, contextmanager

from psa_sdk.errors import Unavailable

_WAIT = "10"


class Exports:
    """A quarter of a process's connections at most, so that dawdling readers leave the others theirs."""

    def __init__(self, pool_size: int) -> None:
        """Count down from a quarter of the pool."""
        self._free = max(1, pool_size // 4)

    def admit(self) -> None:
        """Raise `Unavailable` when all places are taken."""
        if not self._free:
            raise Unavailable(
                "As many exports are being read as may be at once; try again shortly.",
                code="exports_busy",
                headers={"Retry-After": _WAIT},
            )

    @contextmanager
    def place(self) -> Generator[None]:
        """Hold a place meanwhile; raises `Unavailable` when there is none."""
        self.admit()
        self._free -= 1
        try:
            yield
        finally:
            self._free += 1


async def begun(parts: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    """Make the first part of an answer now, so that what is wrong shows before the answer starts."""
    first = await anext(parts, b"")

    async def whole() -> AsyncGenerator[bytes]:
        async with aclosing(parts):
            yield first
            async for part in parts:
                yield part

    return whole()
