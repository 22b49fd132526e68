"""Entity tags: a record's version as a weak validator (RFC 9110 8.8.3 and 13.1)."""

import re

from psa_sdk.errors import BadRequest

_LIST = re.compile(r'\s*(?:W/)?"[^"\x00-\x20\x7f]*"(?:\s*,\s*(?:W/)?"[^"\x00-\x20\x7f]*")*\s*')
_TAG = re.compile(r'(?:W/)?"([^"]*)"')


def entity_tag(version: int) -> str:
    """Return the tag of a version.

    Example:
        >>> entity_tag(3)
        'W/"3"'
    """
    return f'W/"{version}"'


def _versions(header: str) -> tuple[int, ...]:
    """Return the versions that a list of tags names; other tags are nobody's."""
    return tuple(
        int(tag) for tag in _TAG.findall(header) if tag.isascii() and tag.isdigit() and len(tag) < 10
    )


def accepted_versions(header: str | None) -> tuple[int, ...] | None:
    """Return the versions that `If-Match` accepts, None when any will do.

    Weak tags match here: a version stands for one state of the record. Raises `BadRequest` for what is no
    list of tags.

    Example:
        >>> accepted_versions('W/"3", "4"'), accepted_versions("*"), accepted_versions('"other"')
        ((3, 4), None, ())
    """
    if header is None or header.strip() == "*":
        return None
    if not _LIST.fullmatch(header):
        raise BadRequest(
            'If-Match takes * or entity tags such as W/"3".', code="invalid_header", header="If-Match"
        )
    return _versions(header)


def is_current(header: str | None, version: int) -> bool:
    """Tell whether `If-None-Match` names a version, so that the client has it already.

    Example:
        >>> is_current('W/"2", W/"3"', 3), is_current("*", 3), is_current(None, 3), is_current("3", 3)
        (True, True, False, False)
    """
    return header is not None and (header.strip() == "*" or version in _versions(header))
