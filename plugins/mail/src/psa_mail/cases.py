"""A mail as it is decided on, and what it becomes."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec

from psa_mail import automated_mail, threads
from psa_mail.addresses import comparable, parted
from psa_mail.authentication_results import Result
from psa_mail.mime_reading import Mail
from psa_mail.senders import Sender
from psa_mail.settings import MailSettings
from psa_mail.threading import How


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a mail, and why."""

    became: str
    verdict: automated_mail.Verdict = "human"
    because: str = ""
    matched_by: How | str = ""
    dmarc: Result = "none"
    ticket: UUID | None = None
    note: UUID | None = None
    detail: str = ""


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known of a mail when it is decided on."""

    incoming: Mapping[str, Any]
    mailbox: Mapping[str, Any]
    mail: Mail
    sender: Sender
    judgement: automated_mail.Judgement
    effects: automated_mail.Effects
    dmarc: Result
    found: threads.Found
    settings: MailSettings
    own: frozenset[str]
    release: bool = False

    @property
    def is_trusted(self) -> bool:
        """Whether nothing says that the sender is somebody else."""
        return self.dmarc != "fail"

    def outcome(self, became: str, **more: Any) -> Outcome:
        """Return an outcome of this case."""
        return Outcome(
            became=became,
            verdict=self.judgement.verdict,
            because=self.judgement.because,
            matched_by=self.found.match.how,
            dmarc=self.dmarc,
            **more,
        )


def is_own(address: str, own: frozenset[str]) -> bool:
    """Tell whether an address leads to one of our mailboxes, with or without a token."""
    return comparable(address) in own or parted(comparable(address))[0] in own
