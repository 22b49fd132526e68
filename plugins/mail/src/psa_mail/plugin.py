"""Mail in and out."""

import asyncio
from contextlib import AbstractAsyncContextManager
from typing import Any

import click

from psa_mail import (
    account_mail,
    api,
    collecting,
    demo,
    lmtp,
    pages,
    processing,
    resources,
    routes,
    sending,
    subscriptions,
    tables,
    ticket_mail,
)
from psa_mail.settings import MailSettings
from psa_mail.watching import watching
from psa_sdk import Manifest, Permission, Platform, hookimpl, provide
from psa_sdk.mail import Mailer

PERMISSIONS = (
    Permission(name=routes.OPERATE, title="Pause, resume and check mailboxes"),
    Permission(name=routes.PUSH, title="Hand in messages over HTTP"),
    Permission(name=routes.SOURCE, title="See messages as they came"),
    Permission(name=routes.RETRY, title="Work on failed or held messages again"),
)
DESK = ("mail.incoming_emails.read", "mail.outgoing_emails.read", routes.SOURCE, routes.RETRY)


@hookimpl
def psa_manifest() -> Manifest:
    """Return the table of contents."""
    return Manifest(
        name="mail",
        title="Mail",
        description="Mailboxes that become tickets, and everything that goes out.",
        requires=("ticketing", "contacts", "comments"),
        tables=tables.ALL,
        resources=resources.ALL,
        extensions=resources.EXTENSIONS,
        routes=(*routes.ALL, subscriptions.ring),
        permissions=PERMISSIONS,
        roles={
            "manager": (
                *DESK,
                "mail.email_mailboxes.read",
                "mail.email_parse_rules.*",
                "mail.email_templates.*",
                routes.OPERATE,
            ),
            "technician": DESK,
            "dispatcher": DESK,
        },
        events=api.EVENTS,
        subscribers=(
            ticket_mail.acknowledge,
            ticket_mail.tell_resolved,
            ticket_mail.pass_on,
            account_mail.send_link,
            account_mail.send_alert,
        ),
        services=(provide(Mailer, sending.StoredMailer),),
        actors=(
            collecting.collect,
            collecting.put_away,
            collecting.look_round,
            subscriptions.subscribe,
            subscriptions.subscribe_one,
            processing.work_off,
            sending.deliver,
        ),
        schedules=(*collecting.SCHEDULES, *subscriptions.SCHEDULES),
        settings=MailSettings,
        ui=pages.UI,
        demo=demo.fill,
    )


@hookimpl
def psa_lifespan(platform: Platform) -> AbstractAsyncContextManager[None]:
    """Watch mailboxes beside the server."""
    return watching(platform)


@hookimpl
def psa_commands(cli: Any) -> None:
    """Add `psa mail lmtp`."""

    @click.group()
    def mail() -> None:
        """Mail delivered by a server in front."""

    @mail.command("lmtp")
    @click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
    @click.option("--port", default=8024, show_default=True, help="Port to listen on.")
    def listen(host: str, port: int) -> None:
        """Take in messages over LMTP, until stopped."""

        async def work(platform: Platform) -> None:
            server = await lmtp.serve(platform, host, port)
            click.echo(f"LMTP at {host}:{server.sockets[0].getsockname()[1]}")
            await asyncio.Event().wait()

        cli.run(work)

    cli.add_command(mail)
