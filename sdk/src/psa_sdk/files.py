"""Files: content-addressed blobs with versions, attached to records."""

from collections.abc import AsyncIterable, AsyncIterator
from typing import Protocol
from uuid import UUID

import msgspec


class StoredFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file of the tenant: size in bytes, the sniffed media type, the content's SHA-256 in hex."""

    id: UUID
    name: str
    size: int
    media_type: str
    sha256: str


class Files(Protocol):
    """The tenant's files; access to a file is access to the record it hangs on."""

    async def save(
        self,
        content: bytes | AsyncIterable[bytes],
        *,
        name: str,
        subject: tuple[str, UUID] | None = None,
        internal: bool = False,
        id: UUID | None = None,
        unlimited: bool = False,
    ) -> StoredFile:
        """Store content and attach it to a record given as (type, id).

        `internal` hides it from portal principals; `id` is for a text that names the file before it is stored,
        `unlimited` for what must be kept whatever its size and type. Raises `TooLarge` over the limit or the tenant's
        quota, `Invalid` for a refused type.
        """
        ...

    async def get(self, id: UUID) -> StoredFile:
        """Return a file's facts; raises `NotFound`."""
        ...

    def read(self, id: UUID) -> AsyncIterator[bytes]:
        """Iterate over the content in chunks."""
        ...

    async def attached(self, resource: str, id: UUID) -> list[StoredFile]:
        """Return the files that hang on a record, newest version of each."""
        ...

    async def move(self, source: tuple[str, UUID], target: tuple[str, UUID]) -> int:
        """Re-attach all files of one record to another; returns how many."""
        ...


class FileStore(Protocol):
    """Where blobs live: the disk, or what a plugin returns from `psa_file_store`.

    Keys are opaque, made of the tenant and the content's hash; writing an existing key is harmless.
    """

    async def put(self, key: str, content: AsyncIterable[bytes]) -> None:
        """Write a blob whole or not at all."""
        ...

    def get(self, key: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """Read bytes `start` to `end` (exclusive); raises `FileNotFoundError`."""
        ...

    async def delete(self, key: str) -> None:
        """Remove a blob; a missing one is fine."""
        ...

    def keys(self, prefix: str) -> AsyncIterator[str]:
        """List the keys under a prefix."""
        ...


class FileScanner(Protocol):
    """Looks for malware in uploads; what a plugin returns from `psa_file_scanner`."""

    async def is_clean(self, content: AsyncIterator[bytes]) -> bool:
        """Tell whether content is harmless; raising means try again later, and the file stays closed."""
        ...
