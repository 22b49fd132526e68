"""What a move from one status category to another does to a ticket: pure rules (TIC-03)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

ACTIVE = frozenset(("new", "open", "waiting_customer", "waiting_third_party", "scheduled"))
DONE = frozenset(("resolved", "closed"))
ENDED = frozenset(("closed", "merged", "spam"))
"""Categories in which nobody works on the ticket any more."""


def stamps(before: str, after: str, ticket: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Return the columns that change with the category.

    Reopening clears `resolved_at` and `closed_at`, counts up and keeps `first_resolved_at`.

    Example:
        >>> from datetime import UTC
        >>> now = datetime(2026, 6, 1, tzinfo=UTC)
        >>> fresh = {"resolved_at": None, "first_resolved_at": None, "closed_at": None, "reopen_count": 0}
        >>> sorted(stamps("open", "closed", fresh, now))
        ['closed_at', 'first_resolved_at', 'resolved_at']
    """
    if before == after:
        return {}
    values: dict[str, Any] = {}
    if after in DONE:
        if ticket["resolved_at"] is None:
            values["resolved_at"] = now
        if ticket["first_resolved_at"] is None:
            values["first_resolved_at"] = now
    if after in ENDED and ticket["closed_at"] is None:
        values["closed_at"] = now
    if after not in ENDED and ticket["closed_at"] is not None:
        values["closed_at"] = None
    if before in DONE and after in ACTIVE:
        values |= {"resolved_at": None, "closed_at": None, "reopen_count": ticket["reopen_count"] + 1}
    return values


def after_reply(category: str, by: str, *, public: bool, automated: bool) -> str | None:
    """Return the category a reply moves a ticket to, or None when it stays.

    A customer's word brings a waiting or resolved ticket back; automated mail and staff notes move nothing.

    Example:
        >>> after_reply("waiting_customer", "customer", public=True, automated=False)
        'open'
        >>> after_reply("waiting_customer", "customer", public=True, automated=True) is None
        True
    """
    if automated or by != "customer" or not public:
        return None
    return "open" if category in {"waiting_customer", "resolved"} else None
