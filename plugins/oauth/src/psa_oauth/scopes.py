"""Scopes: permissions, patterns of permissions, and the four names of OpenID Connect. Pure."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

OPENID: Final = "openid"
PROFILE: Final = "profile"
EMAIL: Final = "email"
OFFLINE: Final = "offline_access"
IDENTITY: Final = (OPENID, PROFILE, EMAIL, OFFLINE)
"""Scopes about the person; they open nothing of the API."""
_GRANT: Final = re.compile(r"\*|[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+|[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*\.\*")


def is_scope(text: str) -> bool:
    """Tell whether a text is a scope: an identity scope, a permission or a pattern such as `ticketing.*`.

    Example:
        >>> is_scope("ticketing.tickets.read"), is_scope("ticketing.*"), is_scope("openid"), is_scope("!a.b")
        (True, True, True, False)
    """
    return text in IDENTITY or _GRANT.fullmatch(text) is not None


def parsed(text: str) -> tuple[str, ...]:
    """Return the scopes of a parameter in their order, each once (RFC 6749 3.3)."""
    return tuple(dict.fromkeys(text.split()))


def covers(pattern: str, scope: str) -> bool:
    """Tell whether one scope gives all that another does; identity scopes only by their own name.

    Example:
        >>> covers("ticketing.*", "ticketing.tickets.*"), covers("*", "openid")
        (True, False)
    """
    if pattern == scope:
        return True
    if scope in IDENTITY:
        return False
    return pattern == "*" or (pattern.endswith(".*") and scope.startswith(pattern[:-1]))


def beyond(asked: Iterable[str], allowed: Sequence[str]) -> list[str]:
    """Return the scopes that aren't within the allowed ones."""
    return [scope for scope in asked if not any(covers(pattern, scope) for pattern in allowed)]


def grants(scopes: Iterable[str]) -> list[str]:
    """Return the scopes that open something of the API: the grants that narrow a token."""
    return [scope for scope in scopes if scope not in IDENTITY]
