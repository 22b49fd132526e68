"""What was refused, for the administrator who wonders why somebody is missing."""

from typing import Final

import msgspec

from psa_scim.answers import Told
from psa_scim.api import FAULTS
from psa_sdk import Context
from psa_sdk.ui import Live
from psa_sdk.web import WebRequest

_KEPT: Final = 200
"""How many are kept of a provider; the oldest go first."""
_NAMES: Final = ("userName", "displayName", "externalId")


async def note(ctx: Context, request: WebRequest, body: bytes, what: Told) -> None:
    """Keep what was refused to the calling provider."""
    path = request.scope["path"].removeprefix("/scim/v2")
    await ctx.db.execute(
        "INSERT INTO scim.fault (provider, operation, subject, status, detail, happened_at)"
        " VALUES ($1, $2, $3, $4, $5, $6)",
        ctx.principal.id,
        f"{request.method} {path}"[:200],
        _subject(body),
        what.status,
        what.detail.replace("\0", ""),
        ctx.now,
    )
    await ctx.db.execute(
        "DELETE FROM scim.fault WHERE provider = $1 AND id NOT IN"
        " (SELECT id FROM scim.fault WHERE provider = $1 ORDER BY happened_at DESC, id DESC LIMIT $2)",
        ctx.principal.id,
        _KEPT,
    )
    await ctx.service(Live).tell(FAULTS)


def _subject(body: bytes) -> str:
    """Return whom a body is about, where it says so."""
    try:
        sent = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return ""
    found = next((sent[name] for name in _NAMES if sent.get(name)), "") if isinstance(sent, dict) else ""
    return str(found).replace("\0", "").encode("utf-8", "replace").decode()[:200]
