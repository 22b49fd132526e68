"""Forgetting people whose accounts are erased."""

from psa_scim.api import key_of
from psa_sdk import Context, on
from psa_sdk.identity import AccountErased
from psa_sdk.sign_in import ExternalIdentities


@on(AccountErased)
async def forget(ctx: Context, event: AccountErased) -> None:
    """Remove what providers wrote about somebody, and what was refused about them."""
    # Not as records: their entries in the audit log would hold once more what is to be forgotten.
    rows = await ctx.db.fetch(
        "DELETE FROM scim.person WHERE account = $1 RETURNING provider, user_name", event.account_id
    )
    for row in rows:
        await ctx.db.execute(
            "DELETE FROM scim.fault WHERE provider = $1 AND subject = $2", row["provider"], row["user_name"]
        )
        await ctx.service(ExternalIdentities).unlink(key_of(row["provider"]), account_id=event.account_id)


ALL = (forget,)
