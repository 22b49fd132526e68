"""Versions in headers (RFC 7644 3.14, RFC 9110 13.1): they are weak and compared weakly."""

from scim2_models import PreconditionFailedException


def named(header: str, version: str) -> bool:
    """Tell whether a header's list of entity tags holds a version.

    Example:
        >>> named('W/"1.1", "2.1"', 'W/"2.1"'), named("*", 'W/"1"'), named("", 'W/"1"')
        (True, True, False)
    """
    tags = {one.strip().removeprefix("W/") for one in header.split(",")}
    return "*" in tags or version.removeprefix("W/") in tags


def require_current(if_match: str, version: str) -> None:
    """Raise `PreconditionFailedException` unless a write is about the version that is there."""
    if if_match and not named(if_match, version):
        raise PreconditionFailedException(detail="It was changed meanwhile; read it again.")
