"""What was read from providers: metadata and keys, for an hour, in this process's memory.

Keys change without notice. A token with an unknown key makes the keys be read again, but at most once a minute, so
that forged tokens don't turn us against the provider. A provider that is away for a while is believed for a day.
"""

import time
from typing import Final
from uuid import UUID

import msgspec

from psa_sdk import Context
from psa_sdk.admission import Refused
from psa_sdk.errors import Problem
from psa_sdk.network import Network
from psa_sso_oidc.discovery import Metadata, metadata_url, read_metadata
from psa_sso_oidc.id_tokens import PublicKey, read_keys

LASTS: Final = 3600.0
PAUSE: Final = 60.0
"""Seconds between two readings of the keys for unknown ones."""
STALE: Final = 86_400.0
SECONDS: Final = 5.0
"""How long a provider may take to answer."""
_MOST: Final = 1000


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """A provider's metadata and keys, and when they were read (monotonic seconds)."""

    metadata: Metadata
    keys: tuple[PublicKey, ...]
    read_at: float


_known: dict[tuple[UUID, str], Known] = {}


async def known(ctx: Context, issuer: str, *, anew: bool = False) -> Known:
    """Return what is known of an issuer; `anew` asks for keys that may have changed, within reason.

    Raises `Refused` for what it says, `Problem` when it can't be asked.
    """
    key = (ctx.tenant_id, issuer)
    found = _known.get(key)
    age = time.monotonic() - found.read_at if found else 0.0
    if found and age < (PAUSE if anew else LASTS):
        return found
    try:
        fresh = await read(ctx, issuer)
    except (Problem, Refused):
        if found and age < STALE:
            return found
        raise
    if len(_known) >= _MOST:
        _known.clear()
    _known[key] = fresh
    return fresh


def forget(tenant_id: UUID, issuer: str) -> None:
    """Read a provider anew at the next log-in: it was set up again."""
    _known.pop((tenant_id, issuer), None)


async def read(ctx: Context, issuer: str) -> Known:
    """Read a provider's metadata and keys."""
    metadata = read_metadata(issuer, await fetched(ctx, metadata_url(issuer), "metadata_unreachable"))
    keys = read_keys(await fetched(ctx, metadata.jwks_uri, "keys_unreachable"))
    if not keys:
        raise Refused("keys_malformed", "there is no key that signs")
    return Known(metadata=metadata, keys=keys, read_at=time.monotonic())


async def fetched(ctx: Context, url: str, reason: str, **headers: str) -> object:
    """Return the JSON at an address; a redirect is no answer."""
    sent = {"Accept": "application/json", **headers}
    answer = await ctx.service(Network).request("GET", url, headers=sent, seconds=SECONDS)
    if answer.status != 200:
        raise Refused(reason, f"{url[:300]} answers {answer.status}")
    try:
        return msgspec.json.decode(answer.content)
    except msgspec.DecodeError as error:
        raise Refused(reason, f"{url[:300]} isn't JSON") from error
