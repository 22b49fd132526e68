"""The clock: the one place that asks what time it is, so that tests can answer."""

import datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the present instant."""

    def now(self) -> datetime.datetime:
        """Return the instant, aware, in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime.datetime:
        """Return the instant, aware, in UTC."""
        return datetime.datetime.now(datetime.UTC)


class FixedClock:
    """A clock that stands still until it is told to move.

    Example:
        >>> clock = FixedClock(datetime.datetime(2026, 3, 1, 3, 30, tzinfo=datetime.UTC))
        >>> clock.advance(datetime.timedelta(hours=1))
        >>> clock.now().isoformat()
        '2026-03-01T04:30:00+00:00'
    """

    def __init__(self, instant: datetime.datetime) -> None:
        """Stand at an aware instant."""
        self._instant = instant.astimezone(datetime.UTC)

    def now(self) -> datetime.datetime:
        """Return the instant, aware, in UTC."""
        return self._instant

    def advance(self, by: datetime.timedelta) -> None:
        """Move forward."""
        self._instant += by
