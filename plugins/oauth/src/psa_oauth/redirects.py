"""Redirect addresses: which an application may register, and how an answer is put on one. Compared exactly."""

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode, urlsplit

_PRINTABLE: Final = re.compile(r"[!-~]+")
_LOOPBACK: Final = frozenset(("127.0.0.1", "::1", "localhost"))
_PRIVATE: Final = re.compile(r"[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+")
LONGEST: Final = 2000


def fault(address: str) -> str:
    """Return why an address can't be registered; empty when it can.

    https anywhere, http on the own machine (RFC 8252 7.3), and schemes of installed applications, which are
    reversed domain names (RFC 8252 7.1). Nothing that a browser could read in two ways.

    Example:
        >>> fault("https://app.example.com/callback"), fault("com.example.app:/callback")
        ('', '')
        >>> fault("http://app.example.com/callback")
        'Use https; plain http is for the own machine only, such as http://127.0.0.1:8000/callback.'
    """
    if detail := _ambiguous(address):
        return detail
    parts = urlsplit(address)
    if parts.scheme == "https":
        return "" if parts.hostname else "Name a host."
    if parts.scheme == "http":
        if parts.hostname in _LOOPBACK:
            return ""
        return "Use https; plain http is for the own machine only, such as http://127.0.0.1:8000/callback."
    if _PRIVATE.fullmatch(parts.scheme) and address[len(parts.scheme) + 1 :].startswith("/"):
        return ""
    return "Use https, or a scheme of the application's own such as com.example.app:/callback."


def fault_of_server(address: str) -> str:
    """Return why nothing can be sent to an address of a server; empty when it can, as far as its letters tell.

    Example:
        >>> fault_of_server("https://app.example.com/told"), fault_of_server("ftp://app.example.com/")
        ('', 'Use https, and name a host.')
    """
    if detail := _ambiguous(address):
        return detail
    parts = urlsplit(address)
    return "" if parts.scheme in {"https", "http"} and parts.hostname else "Use https, and name a host."


def _ambiguous(address: str) -> str:
    """Return what in an address could be read in two ways."""
    if (
        len(address) > LONGEST
        or not _PRINTABLE.fullmatch(address)
        or any(sign in address for sign in "\\*<>\"'")
    ):
        return "An address has printable ASCII without quotes, backslashes, brackets and asterisks."
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        return "That is no address."
    if "#" in address:
        return "An address here has no fragment (RFC 6749 3.1.2)."
    return (
        "An address here names no user." if parts.username is not None or parts.password is not None else ""
    )


def answer(address: str, parameters: Mapping[str, str]) -> str:
    """Return where the browser goes with an answer; the address's own query stays (RFC 6749 4.1.2).

    Example:
        >>> answer("https://app.example.com/cb?a=1", {"code": "x y"})
        'https://app.example.com/cb?a=1&code=x+y'
    """
    return f"{address}{'&' if '?' in address else '?'}{urlencode(parameters)}"
