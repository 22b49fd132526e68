"""Backstops against mail that feeds itself: how much is too much (MAIL-05). Pure."""

from datetime import timedelta

import msgspec

ACK_WINDOW = timedelta(hours=1)
ACKS_PER_TICKET = 1
ACKS_PER_SENDER = 5
STORM_WINDOW = timedelta(minutes=10)
STORM_SIZE = 10
NEW_PER_SENDER = 20
"""New tickets of one sender in an hour; what is more waits to be looked at."""


class Recent(msgspec.Struct, frozen=True, kw_only=True):
    """What happened lately around a mail, itself not counted."""

    acks_on_ticket: int = 0
    acks_to_sender: int = 0
    inbound_on_ticket: int = 0
    tickets_of_sender: int = 0


def may_acknowledge(recent: Recent) -> bool:
    """Tell whether one more automatic mail may go to a sender.

    Example:
        >>> may_acknowledge(Recent()), may_acknowledge(Recent(acks_to_sender=5)), may_acknowledge(Recent(acks_on_ticket=1))
        (True, False, False)
    """
    return recent.acks_on_ticket < ACKS_PER_TICKET and recent.acks_to_sender < ACKS_PER_SENDER


def is_storm(recent: Recent) -> bool:
    """Tell whether a mail is the one too many on its thread: more than ten in ten minutes.

    Example:
        >>> is_storm(Recent(inbound_on_ticket=9)), is_storm(Recent(inbound_on_ticket=10))
        (False, True)
    """
    return recent.inbound_on_ticket + 1 > STORM_SIZE


def is_flood(recent: Recent) -> bool:
    """Tell whether a sender opens tickets faster than a person would."""
    return recent.tickets_of_sender >= NEW_PER_SENDER
