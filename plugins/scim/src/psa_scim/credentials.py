"""Tokens of identity providers: 256 random bits that name their tenant and open SCIM, and nothing else."""

import datetime
import hashlib
import re
import secrets
from typing import Final

from psa_sdk import Context
from psa_sdk.web import Caller

_TOKEN: Final = re.compile(r"psascim_([a-z0-9][a-z0-9-]{0,62})_[0-9a-f]{64}")
_TOUCH_EVERY: Final = datetime.timedelta(minutes=1)


def new_token(slug: str) -> str:
    """Return a fresh token of a tenant that secret scanners recognise by its prefix."""
    return f"psascim_{slug}_{secrets.token_hex(32)}"


def tenant_of(authorization: str) -> str | None:
    """Return the tenant that a header's token names.

    Example:
        >>> tenant_of("Bearer psascim_acme_" + "0" * 64), tenant_of("Bearer psat_" + "0" * 64)
        ('acme', None)
    """
    found = _TOKEN.fullmatch(authorization.partition(" ")[2].strip())
    return found[1] if found else None


def digest(token: str) -> str:
    """Return what is stored instead of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


async def identify(ctx: Context, token: str) -> Caller | None:
    """Return the provider whose token it is; None for one that isn't good. Notes that it was used."""
    if not _TOKEN.fullmatch(token):
        return None
    row = await ctx.db.fetch_one(
        "SELECT t.id, t.last_used_at, p.id AS provider, p.name FROM scim.token t"
        " JOIN scim.provider p ON p.tenant_id = t.tenant_id AND p.id = t.provider"
        " WHERE t.token_hash = $1 AND t.expires_at > $2 AND p.is_active",
        digest(token),
        ctx.now,
    )
    if row is None:
        return None
    if row["last_used_at"] is None or ctx.now - row["last_used_at"] >= _TOUCH_EVERY:
        await ctx.db.execute("UPDATE scim.token SET last_used_at = $2 WHERE id = $1", row["id"], ctx.now)
        await ctx.db.execute(
            "UPDATE scim.provider SET last_request_at = $2 WHERE id = $1", row["provider"], ctx.now
        )
    return Caller(id=row["provider"], label=f"{row['name']} (SCIM)")
