"""Blobs on the disk of this machine: written beside, synced, renamed; never half there."""

import asyncio
import os
from collections.abc import AsyncIterable, AsyncIterator
from io import BufferedWriter
from pathlib import Path
from tempfile import mkstemp

CHUNK = 256 * 1024


class DiskStore:
    """Implements `psa_sdk.FileStore` under a directory."""

    def __init__(self, root: Path) -> None:
        """Store under `root`, made when the first blob comes."""
        self._root = root

    async def put(self, key: str, content: AsyncIterable[bytes]) -> None:
        """Write a blob whole or not at all."""
        path = self._path(key)
        await asyncio.to_thread(path.parent.mkdir, parents=True, exist_ok=True, mode=0o700)
        incoming = await asyncio.to_thread(_incoming, path.parent)
        try:
            async for chunk in content:
                await asyncio.to_thread(incoming.write, chunk)
            await asyncio.to_thread(_settle, incoming, path)
        except BaseException:
            await asyncio.to_thread(_discard, incoming)
            raise

    async def get(self, key: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """Read bytes `start` to `end` (exclusive); raises `FileNotFoundError`."""
        with await asyncio.to_thread(self._path(key).open, "rb") as file:
            file.seek(start)
            left = None if end is None else end - start
            while left is None or left > 0:
                chunk = await asyncio.to_thread(file.read, CHUNK if left is None else min(CHUNK, left))
                if not chunk:
                    return
                left = None if left is None else left - len(chunk)
                yield chunk

    async def delete(self, key: str) -> None:
        """Remove a blob; a missing one is fine."""
        await asyncio.to_thread(self._path(key).unlink, missing_ok=True)

    async def keys(self, prefix: str) -> AsyncIterator[str]:
        """List the keys under a prefix."""
        found = await asyncio.to_thread(lambda: sorted(self._root.glob(f"{prefix}/**/*")))
        for path in found:
            if path.is_file() and not path.name.startswith(".incoming-"):
                yield path.relative_to(self._root).as_posix()

    def _path(self, key: str) -> Path:
        path = (self._root / key).resolve()
        if not path.is_relative_to(self._root.resolve()):
            raise ValueError(f"{key!r} leaves the store.")
        return path


def _incoming(directory: Path) -> BufferedWriter:
    handle, name = mkstemp(dir=directory, prefix=".incoming-")
    os.close(handle)
    return Path(name).open("wb")


def _settle(file: BufferedWriter, path: Path) -> None:
    """Make the content durable, then its name."""
    file.flush()
    os.fsync(file.fileno())
    file.close()
    Path(file.name).replace(path)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _discard(file: BufferedWriter) -> None:
    file.close()
    Path(file.name).unlink(missing_ok=True)
