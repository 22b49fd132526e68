"""A plugin that keeps the invitations that are sent, and what stands in their mails, by whom they are for."""

import email
import email.policy
from collections import defaultdict

from icalendar import Calendar

from psa_sdk import Manifest, hookimpl
from psa_sdk.mail import Delivery, Envelope

INVITED: defaultdict[str, list] = defaultdict(list)
READ: defaultdict[str, list[str]] = defaultdict(list)


class Postman:
    """Reads the calendar in each mail and keeps it."""

    async def deliver(self, envelope: Envelope) -> Delivery:
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        for part in message.walk():
            if part.get_content_type() == "text/plain":
                for recipient in envelope.recipients:
                    READ[recipient.lower()].append(part.get_content())
            if part.get_content_type() == "text/calendar":
                calendar = Calendar.from_ical(part.get_content())
                assert part.get_param("method") == calendar["METHOD"]
                for recipient in envelope.recipients:
                    INVITED[recipient.lower()].append(calendar)
        return Delivery(state="accepted")


@hookimpl
def psa_manifest() -> Manifest:
    """Return the table of contents."""
    return Manifest(name="postman", title="Postman", requires=("mail",))


@hookimpl
def psa_mail_transport() -> Postman:
    """Keep invitations."""
    return Postman()
