"""Background work of auth: requests for forgotten passwords, and removing what is over."""

import datetime

from psa_kernel.builtin.auth import accounts
from psa_kernel.builtin.auth.password_change import request_password
from psa_sdk.access import Audience
from psa_sdk.actors import actor, every
from psa_sdk.context import Context

_KEPT = datetime.timedelta(days=30)
_REMEMBERED = datetime.timedelta(days=180)


@actor(queue="critical", max_attempts=3)
async def find_and_request_password(ctx: Context, *, audience: Audience, email: str) -> None:
    """Request a new password for the account behind an address, if there is an active or invited one."""
    facts = await accounts.by_email(ctx, audience, email)
    if facts is not None and facts.account.status != "disabled":
        await request_password(ctx, facts.id)


@actor(queue="bulk")
async def remove_what_is_over(ctx: Context) -> None:
    """Remove sessions a month after their end, spent tokens, old requests and forgotten failures."""
    before = ctx.now - _KEPT
    await ctx.db.execute("DELETE FROM psa.session WHERE least(expires_at, revoked_at) < $1", before)
    await ctx.db.execute(
        "DELETE FROM psa.session_token WHERE expires_at < $1 AND kind = 'access'",
        ctx.now - datetime.timedelta(days=1),
    )
    await ctx.db.execute("DELETE FROM psa.delegated_token WHERE expires_at < $1", ctx.now)
    await ctx.db.execute("DELETE FROM psa.known_device WHERE last_seen_at < $1", ctx.now - _REMEMBERED)
    await ctx.db.execute("DELETE FROM psa.spent_challenge WHERE expires_at < $1", ctx.now)
    await ctx.db.execute("DELETE FROM psa.password_request WHERE expires_at < $1", ctx.now)
    await ctx.db.execute(
        "DELETE FROM psa.login_failure WHERE updated_at < $1", ctx.now - datetime.timedelta(days=2)
    )


ALL = (find_and_request_password, remove_what_is_over)
SCHEDULES = (every("17 3 * * *", remove_what_is_over),)
