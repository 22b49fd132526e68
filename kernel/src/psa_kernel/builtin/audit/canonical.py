"""What a seal covers of an entry: one text per row, the same for ever."""

import hashlib
from typing import Final

# Adding a column to the table doesn't change this list: seals of the past must keep their meaning.
CANONICAL: Final = (
    "json_build_array(id, tenant_id, (extract(epoch FROM occurred_at) * 1000000)::bigint, actor_kind, actor_id,"
    " actor_label, on_behalf_of, action, resource, record_id, old::text, new::text, detail::text, request_id, ip,"
    " user_agent)::text"
)
ABSENT: Final = bytes(32)
"""The digest of an entry that was gone before its seal; no entry has it."""


def digest_of(canonical: str) -> bytes:
    """Return an entry's digest."""
    return hashlib.sha256(canonical.encode()).digest()


def chain(previous: bytes, tenant: bytes, sequence: int, entries: bytes, digests: bytes) -> bytes:
    """Return the hash of a seal; every part has a fixed length or is counted by the next."""
    head = b"psa audit seal 1" + previous + tenant + sequence.to_bytes(8) + len(entries).to_bytes(8)
    return hashlib.sha256(head + entries + digests).digest()


GENESIS: Final = bytes(32)
"""What stands before a tenant's first seal."""
