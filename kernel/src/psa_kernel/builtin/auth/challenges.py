"""Challenges of passkeys: good once, for five minutes, for one use in one session (S10).

Nothing is stored when one is made, so nobody fills a table by asking. A challenge is signed; what it was made for is
part of the signature, and what came back is remembered until it would be too old anyway.
"""

import datetime
import hashlib
import secrets
from typing import Final, Literal
from uuid import UUID

from psa_kernel.signing import TenantSigner
from psa_kernel.unit_of_work import Unit
from psa_sdk.tables import new_id

Use = Literal["register", "confirm", "log_in"]
LASTS: Final = datetime.timedelta(minutes=5)
_RANDOM, _TIME = 16, 8


def make(unit: Unit, use: Use, session: UUID | None) -> bytes:
    """Return a fresh challenge of 56 bytes for a use in a session; None before there is one."""
    fresh = secrets.token_bytes(_RANDOM)
    ends = int((unit.now + LASTS).timestamp()).to_bytes(_TIME, "big")
    return fresh + ends + TenantSigner(unit).sign("passkeys", _text(fresh + ends, use, session))


async def spend(unit: Unit, challenge: bytes, use: Use, session: UUID | None) -> bool:
    """Tell whether a challenge is ours, of this use and session, in time and never seen before; it is used up."""
    head, signature = challenge[: _RANDOM + _TIME], challenge[_RANDOM + _TIME :]
    if len(signature) != 32 or not TenantSigner(unit).verify(
        "passkeys", _text(head, use, session), signature
    ):
        return False
    ends = int.from_bytes(head[_RANDOM:], "big")
    if unit.now.timestamp() >= ends:
        return False
    taken = await unit.db.execute(
        "INSERT INTO psa.spent_challenge (id, digest, expires_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        new_id(),
        hashlib.sha256(challenge).hexdigest(),
        datetime.datetime.fromtimestamp(ends, datetime.UTC),
    )
    return taken == "INSERT 0 1"


def _text(head: bytes, use: Use, session: UUID | None) -> str:
    return f"{head.hex()} {use} {session or ''}"
