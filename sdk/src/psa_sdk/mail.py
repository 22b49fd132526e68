"""Sending mail, as every plugin may: `ctx.service(Mailer)`, where a plugin provides it.

```python
if ctx.provides(Mailer):
    await ctx.service(Mailer).send(Letter(to=("ada@example.com",), subject="Invoice 17", text="Here it is."))
```
"""

from typing import Literal, Protocol
from uuid import UUID

import msgspec


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """A mail to be sent; it leaves after the commit, and is tried again until it is taken or refused for good.

    `to` and `cc` are addresses, with or without a name (RFC 5322 3.4). `html` must be safe to show. `files` are
    attachments by their id. `subject_of` names the record that it is about, as (type, id).
    """

    to: tuple[str, ...]
    subject: str
    text: str
    html: str = ""
    cc: tuple[str, ...] = ()
    reply_to: str = ""
    calendar: str = ""
    """An iCalendar object that goes along, its METHOD said in it: an invitation (RFC 6047 2.4)."""
    files: tuple[UUID, ...] = ()
    subject_of: tuple[str, UUID] | None = None
    automatic: bool = True
    """Marks it as no person's own writing (RFC 3834), so that no machine answers."""


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """A message as it goes over the wire: bare addresses, and the bytes (RFC 5322)."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an envelope; the detail is the other server's own words, by recipient if it is about one."""

    state: Literal["accepted", "refused", "later"]
    detail: str = ""
    refused: tuple[tuple[str, str], ...] = ()


class MailTransport(Protocol):
    """Carries envelopes; what a plugin returns from `psa_mail_transport`."""

    async def deliver(self, envelope: Envelope) -> Delivery:
        """Hand a message over; `later` asks for another try, as raising does."""
        ...


class Mailer(Protocol):
    """Sends mail for the tenant."""

    async def send(self, letter: Letter) -> UUID:
        """Queue a mail with the commit and return the id by which its fate can be looked up.

        Raises `Invalid` for an address that is none.
        """
        ...
