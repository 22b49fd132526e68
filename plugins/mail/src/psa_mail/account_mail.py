"""Passwords and invitations: the platform asks, mail sends the link to its owner and nobody else."""

from psa_mail.addresses import written
from psa_mail.api import OUTGOING
from psa_mail.sending import queue
from psa_mail.tables import Outgoing
from psa_sdk import Context, on
from psa_sdk.identity import Directory, PasswordRequested


@on(PasswordRequested)
async def send_link(ctx: Context, event: PasswordRequested) -> None:
    """Queue the mail with the link; the token itself is made when the mail leaves."""
    account = (await ctx.service(Directory).users([event.account_id])).get(event.account_id)
    if account is None or await ctx.as_system().records.count(OUTGOING, Outgoing.request == event.request_id):
        return
    await queue(
        ctx,
        {
            "kind": "password_reset" if event.purpose == "reset" else "invitation",
            "account": account.id,
            "request": event.request_id,
            "to_addresses": [written(account.email, account.name)],
        },
    )
