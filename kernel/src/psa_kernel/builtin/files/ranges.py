"""Byte ranges of downloads (RFC 9110 14.1.2, 14.2): one range, as resuming clients and players ask."""

import re
from typing import ClassVar

from psa_sdk.errors import Problem

_RANGE = re.compile(r"^bytes=(\d*)-(\d*)$")


class RangeNotSatisfiable(Problem):
    """The asked range lies outside the content (RFC 9110 15.5.17)."""

    status: ClassVar[int] = 416
    default_code: ClassVar[str] = "range_not_satisfiable"
    title: ClassVar[str] = "Range not satisfiable"


def parse_range(
    header: str | None, size: int, if_range: str | None = None, etag: str = ""
) -> tuple[int, int] | None:
    """Return the first byte and the one after the last; None when the range lies outside the content.

    Several or malformed ranges are ignored, as the RFC allows; so is a range of another version.

    Example:
        >>> parse_range("bytes=2-4", 10), parse_range("bytes=-3", 10), parse_range("bytes=10-", 10)
        ((2, 5), (7, 10), None)
        >>> parse_range(None, 10), parse_range("bytes=0-1,3-4", 10)
        ((0, 10), (0, 10))
    """
    match = _RANGE.match(header.strip()) if header else None
    if match is None or (if_range is not None and if_range != etag) or match[1] == match[2] == "":
        return 0, size
    if match[1] == "":
        length = int(match[2])
        return (max(size - length, 0), size) if length else None
    start = int(match[1])
    end = min(int(match[2]) + 1, size) if match[2] else size
    if match[2] and int(match[2]) < start:
        return 0, size
    return (start, end) if start < size else None
