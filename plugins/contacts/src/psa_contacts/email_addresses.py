"""E-mail addresses and domains in the form in which they are compared (RFC 5321, RFC 6531)."""

import unicodedata

import idna
from email_validator import EmailNotValidError, validate_email

from psa_sdk.errors import Fault

PUBLIC_DOMAINS = frozenset(
    (
        "aol.com", "bigpond.com", "bluewin.ch", "btinternet.com", "comcast.net", "fastmail.com", "free.fr",
        "gmail.com", "gmx.at", "gmx.ch", "gmx.com", "gmx.de", "gmx.net", "googlemail.com", "hotmail.co.uk",
        "hotmail.com", "hotmail.de", "hotmail.fr", "icloud.com", "laposte.net", "libero.it", "live.com",
        "live.co.uk", "mac.com", "mail.com", "mail.ru", "me.com", "msn.com", "orange.fr", "outlook.com",
        "outlook.de", "outlook.fr", "pm.me", "posteo.de", "proton.me", "protonmail.com", "qq.com", "rocketmail.com",
        "sky.com", "t-online.de", "verizon.net", "virgilio.it", "web.de", "wp.pl", "yahoo.co.uk", "yahoo.com",
        "yahoo.de", "yahoo.fr", "yandex.ru", "ymail.com", "zoho.com",
    )
)  # fmt: skip
"""Domains whose addresses say nothing about an employer."""


def check_address(text: str, pointer: str) -> tuple[str, Fault | None]:
    """Return the address as to be shown, and a fault when it is none."""
    try:
        found = validate_email(text.strip(), check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        detail = f"{text!r} is not an e-mail address: {str(error).rstrip('.')}."
        return text, Fault(detail=detail, code="invalid_email", pointer=pointer)
    return found.normalized, None


def normalise_address(address: str) -> str:
    """Return the form that is unique per tenant: composed and case folded, domain in IDNA, +tag kept.

    Example:
        >>> normalise_address("Ada+Tickets@EXAMPLE.com")
        'ada+tickets@example.com'
    """
    local, _, domain = address.strip().rpartition("@")
    folded = unicodedata.normalize("NFC", unicodedata.normalize("NFC", local).casefold())
    return f"{folded}@{normalise_domain(domain)}"


def normalise_domain(domain: str) -> str:
    """Return a domain in lower case and IDNA form, without a trailing dot.

    Example:
        >>> normalise_domain("Bücher.Example.")
        'xn--bcher-kva.example'
    """
    folded = unicodedata.normalize("NFC", domain).strip().rstrip(".").lower()
    try:
        return idna.encode(folded, uts46=True).decode("ascii")
    except idna.IDNAError:
        return folded


def suffixes(domain: str) -> tuple[str, ...]:
    """Return a domain and its parents, longest first, down to two labels.

    Example:
        >>> suffixes("mail.it.acme.example")
        ('mail.it.acme.example', 'it.acme.example', 'acme.example')
    """
    labels = domain.split(".")
    return tuple(".".join(labels[i:]) for i in range(max(len(labels) - 1, 1)))
