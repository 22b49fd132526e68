"""Who we are in mail: our addresses, our mark in headers, the organisation's name and language."""

import base64
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec

from psa_mail.addresses import comparable
from psa_mail.api import MAILBOXES, TRANSPORTS
from psa_mail.tables import Transport
from psa_sdk import Context
from psa_sdk.identity import Directory
from psa_sdk.signing import Signer
from psa_sdk.web import Browser

OWN = """
SELECT lower(address) AS address FROM mail.mailbox UNION SELECT lower(unnest(aliases)) FROM mail.mailbox
UNION SELECT lower(from_address) FROM mail.transport"""


async def own_addresses(ctx: Context) -> frozenset[str]:
    """Return the addresses that are ours."""
    return frozenset(comparable(row["address"]) for row in await ctx.db.fetch(OWN))


def origin_of(ctx: Context) -> str:
    """Return the mark that our mails bear; another installation's is another."""
    return base64.b32encode(ctx.service(Signer).sign("mail.origin", "")[:15]).decode().lower()


class Voice(msgspec.Struct, frozen=True, kw_only=True):
    """The mailbox and the transport that speak for a ticket."""

    mailbox: Mapping[str, Any] | None
    transport: Mapping[str, Any] | None

    @property
    def address(self) -> str:
        """The address that a mail is from; empty where nothing is set up."""
        if self.mailbox is not None:
            return self.mailbox["address"]
        return self.transport["from_address"] if self.transport else ""

    @property
    def name(self) -> str:
        """The name beside it."""
        if self.transport is not None and self.transport["from_name"]:
            return self.transport["from_name"]
        return self.mailbox["name"] if self.mailbox else ""


async def voice_of(ctx: Context, mailbox_id: UUID | None) -> Voice:
    """Return what speaks: a mailbox with its transport or the default one; else the only mailbox there is."""
    mailboxes = await ctx.as_system().records.find(MAILBOXES, order="created_at", limit=1000)
    mailbox = next((row for row in mailboxes if row["id"] == mailbox_id), None)
    if mailbox is None and len(mailboxes) == 1:
        mailbox = mailboxes[0]
    transports = await ctx.as_system().records.find(TRANSPORTS, Transport.is_active.eq(True), limit=1000)
    wanted = mailbox["transport"] if mailbox else None
    transport = next((row for row in transports if row["id"] == wanted), None)
    return Voice(
        mailbox=mailbox,
        transport=transport or next((row for row in transports if row["is_default"]), None),
    )


async def organisation(ctx: Context) -> str:
    """Return the organisation's name."""
    return ctx.service(Browser).organisation


async def language_of(ctx: Context, account: UUID | None = None) -> str:
    """Return a person's language, else the organisation's."""
    if account is not None:
        found = (await ctx.service(Directory).users([account])).get(account)
        if found is not None and found.locale:
            return found.locale
    return ctx.service(Browser).locale
