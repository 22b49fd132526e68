"""Ticket numbers as people write them (TIC-01)."""

import re

_WRITTEN = re.compile(r"^\s*(?:#|T-?|\[#T)?0*(\d{1,15})\]?\s*$", re.IGNORECASE)


def parse_number(text: str) -> int | None:
    """Return the number in `T000123`, `#123` or `123`.

    Example:
        >>> [parse_number(text) for text in ("T000123", "#123", "123", "[#T000123]", "printer")]
        [123, 123, 123, 123, None]
    """
    match = _WRITTEN.match(text)
    return int(match[1]) if match else None


def show_number(number: int) -> str:
    """Return a ticket's number for people.

    Example:
        >>> show_number(123)
        'T000123'
    """
    return f"T{number:06}"
