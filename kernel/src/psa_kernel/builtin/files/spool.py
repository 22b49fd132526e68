"""Content on its way in: counted, hashed, looked at, kept in memory or in a temporary file."""

import asyncio
import hashlib
from collections.abc import AsyncIterable, AsyncIterator
from tempfile import SpooledTemporaryFile
from typing import Self

from psa_kernel.builtin.files.media_types import HEAD_BYTES
from psa_sdk.errors import TooLarge

IN_MEMORY = 1024 * 1024
CHUNK = 256 * 1024


class Spool:
    """An async context manager that holds one upload; `limit` is in bytes."""

    def __init__(self, limit: int) -> None:
        """Take at most `limit` bytes."""
        self._limit = limit
        self._file = SpooledTemporaryFile[bytes](max_size=IN_MEMORY)
        self._hash = hashlib.sha256()
        self.size = 0
        self.head = b""

    async def __aenter__(self) -> Self:
        """Begin."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Forget the content."""
        self._file.close()

    @property
    def sha256(self) -> str:
        """The content's hash in hex."""
        return self._hash.hexdigest()

    async def fill(self, content: AsyncIterable[bytes]) -> None:
        """Take the content; raises `TooLarge` as soon as it is over the limit."""
        async for chunk in content:
            self.size += len(chunk)
            if self.size > self._limit:
                raise TooLarge(
                    f"A file may have at most {self._limit // 1024 // 1024} MiB here.", code="file_too_large"
                )
            if len(self.head) < HEAD_BYTES:
                self.head += chunk[:HEAD_BYTES]
            self._hash.update(chunk)
            await asyncio.to_thread(self._file.write, chunk)

    async def chunks(self) -> AsyncIterator[bytes]:
        """Iterate over the content."""
        self._file.seek(0)
        while chunk := await asyncio.to_thread(self._file.read, CHUNK):
            yield chunk
