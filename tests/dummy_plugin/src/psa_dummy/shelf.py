"""A blob store that keeps everything in memory."""

from collections.abc import AsyncIterable, AsyncIterator

from psa_sdk import Files, FileStore


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


async def size_of_all(files: Files, resource_and_ids: AsyncIterable[tuple[str, "object"]]) -> int:
    """Add up what hangs on records."""
    total = 0
    async for resource, id in resource_and_ids:
        total += sum([one.size for one in await files.attached(resource, id)])  # pyright: ignore[reportArgumentType]
    return total
