"""What counts once: states and logout tokens that came are remembered until they would be too old anyway."""

import datetime
import hashlib
from typing import Final

from psa_sdk import Context
from psa_sdk.tables import new_id

_SPEND: Final = """
INSERT INTO sso_oidc.spent_state (id, digest, expires_at) VALUES ($1, $2, $3)
ON CONFLICT (tenant_id, digest) DO NOTHING"""
_FORGET: Final = "DELETE FROM sso_oidc.spent_state WHERE expires_at < $1"


async def spend(ctx: Context, text: str, *, seconds: float) -> bool:
    """Tell whether a text comes for the first time; commit, whatever follows from it."""
    await ctx.db.execute(_FORGET, ctx.now)
    until = ctx.now + datetime.timedelta(seconds=seconds)
    digest = hashlib.sha256(text.encode()).hexdigest()
    return (await ctx.db.execute(_SPEND, new_id(), digest, until)).endswith(" 1")
