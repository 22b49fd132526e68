"""Mail about accounts, to their owners: links for passwords and invitations, and alerts."""

from psa_mail import alert_words, identity
from psa_mail.addresses import written
from psa_mail.api import OUTGOING
from psa_mail.sending import queue
from psa_mail.tables import Outgoing
from psa_sdk import Context, on
from psa_sdk.identity import AccountAlert, Directory, PasswordRequested


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


@on(AccountAlert)
async def send_alert(ctx: Context, event: AccountAlert) -> None:
    """Tell an account's owner what happened to it, at a former address too where there is one."""
    account = (await ctx.service(Directory).users([event.account_id])).get(event.account_id)
    if account is None or (account.status == "disabled" and not event.former_email):
        return
    language, organisation = await identity.language_of(ctx, account.id), await identity.organisation(ctx)
    when = f"{event.at.astimezone(ctx.timezone):%Y-%m-%d %H:%M %Z}"
    letters = {
        account.email: alert_words.text(
            language,
            event.matter,
            name=account.name,
            detail=event.detail,
            when=when,
            where=", ".join(filter(None, (event.ip, event.user_agent))),
            organisation=organisation,
        )
    }
    if event.former_email:
        letters[event.former_email] = alert_words.to_former_address(
            language, name=account.name, when=when, organisation=organisation
        )
    for address, body in letters.items():
        await queue(
            ctx,
            {
                "kind": "letter",
                "to_addresses": [written(address, account.name)],
                "title": alert_words.subject(language, event.matter, organisation),
                "body_text": body,
                "is_automatic": True,
            },
        )
