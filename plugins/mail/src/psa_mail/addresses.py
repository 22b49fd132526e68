"""E-mail addresses as headers write them: lists, names, and the tag behind the plus (RFC 5322 3.4, RFC 5233)."""

import re
from collections.abc import Callable, Iterable, Sequence
from email.headerregistry import Address
from email.utils import getaddresses

import msgspec

_SIMPLE = re.compile(r"[^\s<>,;:\"\\@]+@[^\s<>,;:\"\\@]+")
_MOST = 500
"""Addresses of one header that are looked at."""


class Person(msgspec.Struct, frozen=True):
    """An address, comparable, and the name written beside it."""

    email: str
    name: str = ""


def comparable(address: str) -> str:
    """Return an address in the form in which it is compared; the tag is kept.

    Example:
        >>> comparable(" Ada+Desk@EXAMPLE.com ")
        'ada+desk@example.com'
    """
    local, _, domain = address.strip().rpartition("@")
    return f"{local.casefold()}@{domain.rstrip('.').lower()}"


def people(headers: Iterable[str], decode: Callable[[str], str] = str) -> list[Person]:
    """Return the addresses in headers, each once, in order; what is no address is left out.

    `decode` is for names only: one that is decoded too early may hold a comma.

    Example:
        >>> people(['"Lovelace, Ada" <ada@example.com>, bob@example.com', "Ada <ADA@example.com>"])
        [Person(email='ada@example.com', name='Lovelace, Ada'), Person(email='bob@example.com', name='')]
    """
    found: dict[str, Person] = {}
    for name, email in _parsed([" ".join(header.split()) for header in headers]):
        if _SIMPLE.fullmatch(email) and len(email) <= 254:
            key = comparable(email)
            found.setdefault(key, Person(key, decode(name).strip().strip("'\"")[:200]))
    return list(found.values())


def _parsed(headers: Sequence[str]) -> list[tuple[str, str]]:
    texts = [header[:100_000] for header in headers]
    strict = [pair for pair in getaddresses(texts) if pair[1]][:_MOST]
    if strict:
        return strict
    # What no parser takes still holds addresses: unquoted commas, stray brackets.
    return [("", match[0]) for text in texts for match in _SIMPLE.finditer(text)][:_MOST]


def parted(address: str) -> tuple[str, str]:
    """Return an address without its tag, and the tag.

    Example:
        >>> parted("support+t.12.abc@example.com"), parted("support@example.com")
        (('support@example.com', 't.12.abc'), ('support@example.com', ''))
    """
    local, _, domain = address.rpartition("@")
    name, _, tag = local.partition("+")
    return f"{name}@{domain}", tag


def tagged(address: str, tag: str) -> str:
    """Return an address with a tag, or as it is where that would be too long (RFC 5321 4.5.3.1.1: 64 octets)."""
    local, _, domain = address.rpartition("@")
    longer = f"{local}+{tag}"
    return f"{longer}@{domain}" if len(longer.encode()) <= 64 else address


def written(email: str, name: str = "") -> str:
    """Return an address as headers show it; the name is encoded where it must be."""
    return str(Address(display_name=one_line(name), addr_spec=email)) if name else email


def one_line(text: str) -> str:
    r"""Return a text that can't begin another header.

    Example:
        >>> one_line("Hello\r\nBcc: all@example.com")
        'Hello Bcc: all@example.com'
    """
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
