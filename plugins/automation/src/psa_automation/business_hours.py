"""Business time by the settings' hours: what holds where no plugin keeps calendars. Pure."""

from collections.abc import Collection
from datetime import UTC, datetime, time, timedelta, tzinfo

import msgspec

LONGEST_SEARCH = 3660


class Hours(msgspec.Struct, frozen=True):
    """The same hours on some weekdays (0 is Monday), in one zone; an end before the start is on the next day."""

    start: time
    end: time
    weekdays: frozenset[int]
    zone: tzinfo

    def on(self, moment: datetime) -> tuple[datetime, datetime]:
        """Return the hours that begin on a moment's local date, in UTC."""
        date = moment.astimezone(self.zone).date()
        last = date if self.end > self.start else date + timedelta(days=1)
        begins = datetime.combine(date, self.start, self.zone).astimezone(UTC)
        return begins, datetime.combine(last, self.end, self.zone).astimezone(UTC)


def is_open(hours: Hours, moment: datetime) -> bool:
    """Tell whether a moment lies in the hours.

    Example:
        >>> office = Hours(time(9), time(17), frozenset(range(5)), UTC)
        >>> is_open(office, datetime(2026, 3, 2, 9, tzinfo=UTC)), is_open(office, datetime(2026, 3, 1, 9, tzinfo=UTC))
        (True, False)
    """
    for back in (0, 1):
        day = moment - timedelta(days=back)
        begins, ends = hours.on(day)
        if day.astimezone(hours.zone).weekday() in hours.weekdays and begins <= moment < ends:
            return True
    return False


def after(hours: Hours, start: datetime, minutes: int) -> datetime:
    """Return the instant at which some minutes of the hours have passed since `start`.

    Example:
        >>> office = Hours(time(9), time(17), frozenset(range(5)), UTC)
        >>> after(office, datetime(2026, 3, 6, 16, tzinfo=UTC), 120)
        datetime.datetime(2026, 3, 9, 10, 0, tzinfo=datetime.timezone.utc)
    """
    rest = timedelta(minutes=minutes)
    day = start - timedelta(days=1)
    for _ in range(LONGEST_SEARCH):
        begins, ends = hours.on(day)
        if day.astimezone(hours.zone).weekday() in hours.weekdays and ends > start:
            begins = max(begins, start)
            if ends - begins >= rest:
                return begins + rest
            rest -= ends - begins
        day += timedelta(days=1)
    return start + timedelta(days=LONGEST_SEARCH)


def days_of(names: Collection[str]) -> frozenset[int]:
    """Return weekdays by their English names.

    Example:
        >>> sorted(days_of(["monday", "sunday"]))
        [0, 6]
    """
    week = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    return frozenset(week.index(name) for name in names)
