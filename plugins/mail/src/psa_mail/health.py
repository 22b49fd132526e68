"""How a mailbox's troubles add up: pauses between tries, an alert, and the end of trying (MAIL-15). Pure."""

from datetime import datetime, timedelta
from typing import Any

import msgspec

LONGEST_PAUSE = timedelta(hours=1)
ALERT_AFTER = timedelta(minutes=15)
REFUSALS_BEFORE_PAUSE = 5


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a mailbox so far."""

    failures: int = 0
    refused_logins: int = 0
    failing_since: datetime | None = None
    alerted_at: datetime | None = None


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What follows from one more failure; `values` are columns of the health."""

    values: dict[str, Any]
    alert: bool
    pause: bool


def pause_after(failures: int) -> timedelta:
    """Return the time until the next try: a minute, doubled each time, at most an hour.

    Example:
        >>> [pause_after(count).total_seconds() / 60 for count in (1, 2, 3, 7, 50)]
        [1.0, 2.0, 4.0, 60.0, 60.0]
    """
    return min(timedelta(minutes=2 ** min(failures - 1, 10)), LONGEST_PAUSE)


def after_failure(health: Health, now: datetime, error: str, *, login: bool) -> Verdict:
    """Return what a failed look into a mailbox does; `login` is for credentials that were refused."""
    failures = health.failures + 1
    refused = health.refused_logins + 1 if login else health.refused_logins
    since = health.failing_since or now
    pause = login and refused >= REFUSALS_BEFORE_PAUSE
    alert = pause or (health.alerted_at is None and now - since >= ALERT_AFTER)
    values: dict[str, Any] = {
        "state": "failing",
        "checked_at": now,
        "failures": failures,
        "refused_logins": refused,
        "failing_since": since,
        "last_error": error[:1000],
        "next_check_at": now + pause_after(failures),
    }
    if alert:
        values["alerted_at"] = now
    return Verdict(values=values, alert=alert, pause=pause)


def after_success(now: datetime, poll: timedelta) -> dict[str, Any]:
    """Return the columns after a mailbox was read."""
    return {
        "state": "working",
        "checked_at": now,
        "succeeded_at": now,
        "failures": 0,
        "refused_logins": 0,
        "failing_since": None,
        "alerted_at": None,
        "last_error": "",
        "next_check_at": now + poll,
    }
