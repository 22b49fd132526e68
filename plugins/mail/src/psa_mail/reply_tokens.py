"""Tokens in reply addresses: `support+t.<ticket>.<signature>@` proves which ticket a mail of ours was about (MAIL-01).

A token for clients is signed over the ticket alone. One for a member of staff is signed over their account too: it
proves that the mail was sent to them, so that nobody who got a client's mail can write as staff (MAIL-12).
"""

import base64
import re
from collections.abc import Sequence
from uuid import UUID

import msgspec

from psa_mail.addresses import parted, tagged
from psa_sdk.signing import Signer

PURPOSE = "mail.reply"
_BYTES = 10
_TAG = re.compile(r"^t\.(\d{1,15})\.([a-z2-7]{16})$")


class Token(msgspec.Struct, frozen=True):
    """A token that came in a recipient's address."""

    ticket_number: int
    signature: bytes


def address_for(signer: Signer, mailbox: str, ticket_number: int, account: UUID | None = None) -> str:
    """Return the reply address of a ticket, for clients or for one member of staff."""
    signature = signer.sign(PURPOSE, _text(ticket_number, account))[:_BYTES]
    return tagged(mailbox, f"t.{ticket_number}.{base64.b32encode(signature).decode().lower()}")


def tokens_in(recipients: Sequence[str]) -> list[Token]:
    """Return the tokens in addresses; case doesn't matter, since relays change it."""
    found: list[Token] = []
    for recipient in recipients:
        match = _TAG.match(parted(recipient)[1].lower())
        if match is not None:
            found.append(Token(int(match[1]), base64.b32decode(match[2].upper())))
    return found


def is_genuine(signer: Signer, token: Token, account: UUID | None = None) -> bool:
    """Tell whether we made a token, for clients or for this member of staff."""
    return signer.verify(PURPOSE, _text(token.ticket_number, account), token.signature)


def _text(ticket_number: int, account: UUID | None) -> str:
    return f"{ticket_number} {account or ''}"
