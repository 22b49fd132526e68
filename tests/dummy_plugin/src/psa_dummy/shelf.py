"""A blob store that keeps everything in memory, and a scanner of what comes in."""

from collections.abc import AsyncIterable, AsyncIterator

from psa_sdk import FileScanner, FileStore


class Shelf:
    """Implements `psa_sdk.FileStore`."""

    def __init__(self) -> None:
        """Begin empty."""
        self._blobs: dict[str, bytes] = {}

    async def put(self, key: str, content: AsyncIterable[bytes]) -> None:
        """Write a blob whole or not at all."""
        self._blobs[key] = b"".join([chunk async for chunk in content])

    async def get(self, key: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """Read bytes `start` to `end` (exclusive); raises `FileNotFoundError`."""
        if key not in self._blobs:
            raise FileNotFoundError(key)
        yield self._blobs[key][start:end]

    async def delete(self, key: str) -> None:
        """Remove a blob; a missing one is fine."""
        self._blobs.pop(key, None)

    async def keys(self, prefix: str) -> AsyncIterator[str]:
        """List the keys under a prefix."""
        for key in [key for key in self._blobs if key.startswith(prefix)]:
            yield key


SHELF: FileStore = Shelf()


class Guard:
    """Implements `psa_sdk.FileScanner`."""

    async def is_clean(self, content: AsyncIterator[bytes]) -> bool:
        """Refuse what says that it bites."""
        return b"I bite" not in b"".join([chunk async for chunk in content])


GUARD: FileScanner = Guard()
