"""Forgetting the names of erased accounts (CRM-13)."""

from psa_sdk import Context, on
from psa_sdk.identity import AccountErased

ERASED = "Erased"


@on(AccountErased)
async def forget_author(ctx: Context, event: AccountErased) -> None:
    """Take an erased person's name off what they wrote."""
    # Not through ctx.records: the audit log would keep the name.
    await ctx.db.execute(
        "UPDATE comments.comment SET author_name = $2, updated_at = $3, version = version + 1 WHERE author = $1",
        event.account_id,
        ERASED,
        ctx.now,
    )
