"""Message-IDs: how they are compared, found in headers, and made (RFC 5322 3.6.4)."""

import hashlib
import re
from uuid import UUID

_ID = re.compile(r"<([^<>\s]{1,900})>")
_LOOSE = re.compile(r"[^<>\s,]+@[^<>\s,]+")
_MOST = 100


def normalised(text: str) -> str:
    """Return an id as it is stored: trimmed, without brackets, the domain in lower case (MAIL-02).

    Example:
        >>> normalised("  <AbC.1@Mail.EXAMPLE.com> ")
        'AbC.1@mail.example.com'
    """
    bare = "".join(text.split()).strip("<>")
    left, at, domain = bare.rpartition("@")
    return f"{left}{at}{domain.lower()}"[:900]


def ids_in(header: str) -> list[str]:
    r"""Return the ids of In-Reply-To or References in order, each once; broken headers give what they hold.

    Example:
        >>> ids_in("<a@X.com> <b@x.com>\\n <a@x.com>"), ids_in("b@x.com")
        (['a@x.com', 'b@x.com'], ['b@x.com'])
    """
    found = _ID.findall(header) or _LOOSE.findall(header)
    return list(dict.fromkeys(normalised(one) for one in found if "@" in one))[-_MOST:]


def made(ticket: UUID | str, note: UUID | str, domain: str) -> str:
    """Return the id of a mail that we send about a ticket (MAIL-06).

    Example:
        >>> made("7", "9", "example.com")
        't.7.9@example.com'
    """
    return f"t.{ticket}.{note}@{domain}"


def fingerprint(sender: str, date: str, subject: str, body: bytes) -> str:
    """Return what stands in for the id of a mail that has none (MAIL-02)."""
    digest = hashlib.sha256()
    for part in (sender.encode(), date.encode(), subject.encode(), body):
        digest.update(len(part).to_bytes(8))
        digest.update(part)
    return f"sha256:{digest.hexdigest()}"


def references(root: str, former: list[str], last: str) -> list[str]:
    """Return what References says of a reply: the root, then the last twenty, the newest at the end (MAIL-06).

    Example:
        >>> references("r@x", ["r@x", "a@x", "b@x"], "b@x")
        ['r@x', 'a@x', 'b@x']
    """
    rest = [one for one in dict.fromkeys(former) if one not in {root, last}]
    tail = [*rest, last] if last and last != root else rest
    return [*([root] if root else []), *tail[-20:]]
