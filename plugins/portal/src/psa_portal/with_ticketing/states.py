"""What clients are told of a ticket's status: few words, whatever the desk's own are called. Pure rules."""

from typing import Final, Literal

from psa_sdk.ui import Tone

State = Literal["received", "in_progress", "waiting_for_you", "scheduled", "done"]
OPEN: Final = ("new", "open", "waiting_customer", "waiting_third_party", "scheduled")
"""Categories of requests that somebody still works on or waits for."""
CLOSED: Final = ("resolved", "closed", "merged", "spam")
_STATES: Final[dict[str, State]] = {
    "new": "received",
    "open": "in_progress",
    "waiting_customer": "waiting_for_you",
    "waiting_third_party": "in_progress",
    "scheduled": "scheduled",
}
TONES: Final[dict[State, Tone]] = {
    "received": "blue",
    "in_progress": "indigo",
    "waiting_for_you": "amber",
    "scheduled": "cyan",
    "done": "green",
}


def state_of(category: str) -> State:
    """Return what a client is told of a status category.

    Example:
        >>> state_of("waiting_third_party"), state_of("waiting_customer"), state_of("merged")
        ('in_progress', 'waiting_for_you', 'done')
    """
    return _STATES.get(category, "done")
