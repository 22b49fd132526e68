"""Values as people read them: times in their zone, numbers and dates in their language, names for what has none."""

import datetime
import hashlib
import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, Final
from urllib.parse import parse_qsl

from babel.dates import format_date, format_datetime, format_skeleton, format_time
from babel.numbers import format_currency, format_decimal
from markupsafe import Markup, escape

from psa_sdk.documents import TALLIED
from psa_web.here import here

TONES: Final = ("indigo", "teal", "amber", "pink", "blue", "green", "orange", "violet", "cyan", "red", "lime")
_KNOWN_TONES: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        ("active", "success", "done", "resolved", "paid", "online", "open", "enabled", "created"), "green"
    ),
    **dict.fromkeys(("new", "sent", "client", "scheduled"), "blue"),
    **dict.fromkeys(("in_progress", "updated", "running", "partner"), "indigo"),
    **dict.fromkeys(("pending", "waiting", "invited", "prospect", "customer"), "amber"),
    **dict.fromkeys(("failed", "overdue", "dead", "deleted", "error", "login_failed"), "red"),
}


def moment(value: Any) -> datetime.datetime | None:
    """Return an instant of the API as a datetime in the reader's zone."""
    if isinstance(value, str):
        try:
            value = datetime.datetime.fromisoformat(value)
        except ValueError:
            return None
    return value.astimezone(here().timezone) if isinstance(value, datetime.datetime) else None


def when(value: Any) -> str:
    """Return a date and time."""
    at = moment(value)
    return _written(at.replace(tzinfo=None), here().language) if at else ""


@lru_cache(8192)
def _written(at: datetime.datetime, language: str) -> str:
    """Return a local time as a language writes it: lists show the same ones again and again."""
    return format_datetime(at, "medium", locale=language)


def local(value: Any) -> str:
    """Return an instant in the reader's zone as inputs of dates and times hold it."""
    at = moment(value)
    return at.strftime("%Y-%m-%dT%H:%M") if at else ""


def day(value: Any) -> str:
    """Return a date."""
    if isinstance(value, str):
        try:
            value = datetime.date.fromisoformat(value[:10])
        except ValueError:
            return value
    return format_date(value, "medium", locale=here().language) if value else ""


def period(start: Any, end: Any) -> str:
    """Return between which times of which day something is; both days where it ends on another."""
    first, last = moment(start), moment(end)
    if first is None or last is None:
        return when(start)
    language = here().language
    parts = (format_skeleton("yMMMEd", at.date(), locale=language) for at in (first, last))
    times = (format_time(at.time(), "short", locale=language) for at in (first, last))
    (begins, ends), (since, until) = parts, times
    return f"{begins}, {since} \N{EN DASH} {until if begins == ends else f'{ends}, {until}'}"


def weekday(value: datetime.date) -> str:
    """Return the short name of a date's day of the week."""
    return format_date(value, "EEE", locale=here().language)


def ago(value: Any) -> Markup:
    """Return how long ago something was or will be, short, with the full time as its title."""
    at = moment(value)
    if at is None:
        return Markup("")
    seconds = int((here().now - at).total_seconds())
    return Markup('<time datetime="{}" title="{}">{}</time>').format(at.isoformat(), when(at), _span(seconds))


def _said(text: str) -> str:
    """Return a text of ours: units are the same on all pages."""
    place = here()
    return place.site.catalogues.of(place.language, "web").gettext(text)


def _span(seconds: int) -> str:
    _ = _said
    if abs(seconds) < 60:
        return _("now")
    size = _longest(abs(seconds))
    return _("in %(span)s") % {"span": size} if seconds < 0 else size


def _longest(seconds: int) -> str:
    """Return a span in the largest unit that fills it."""
    _ = _said
    for size, unit in (
        (86400 * 365, _("y")),
        (86400 * 30, _("mo")),
        (86400, _("d")),
        (3600, _("h")),
        (60, _("m")),
    ):
        if seconds >= size:
            return f"{seconds // size}{unit}"
    return ""


def number(value: Any) -> str:
    """Return a number with the language's separators."""
    try:
        return format_decimal(Decimal(str(value)), locale=here().language)
    except (InvalidOperation, ValueError):
        return str(value)


def tally(count: int) -> str:
    """Return a number of records, which are counted as far as `TALLIED`."""
    return str(count) if count < TALLIED else f"{TALLIED - 1}+"


def money(value: Any, currency: str) -> str:
    """Return an amount with its currency, as the language writes it."""
    return format_currency(Decimal(str(value)), currency, locale=here().language)


def humanise(name: str) -> str:
    """Return an identifier as words.

    Example:
        >>> humanise("preferred_contact_method")
        'Preferred contact method'
        >>> humanise("tax_id"), humanise("ip")
        ('Tax ID', 'IP')
    """
    words = re.split(r"[_\-. ]+", name.strip())
    text = " ".join(_ACRONYMS.get(word, word) for word in words)
    return text[:1].upper() + text[1:]


_ACRONYMS: Final = {
    "id": "ID",
    "ip": "IP",
    "url": "URL",
    "api": "API",
    "sla": "SLA",
    "cc": "CC",
    "vip": "VIP",
    "imap": "IMAP",
    "smtp": "SMTP",
    "tls": "TLS",
    "starttls": "STARTTLS",
    "dn": "DN",
    "ldap": "LDAP",
    "ldaps": "LDAPS",
    "scim": "SCIM",
    "oidc": "OIDC",
    "saml": "SAML",
    "mfa": "MFA",
    "oauth": "OAuth",
    "sso": "SSO",
    "idp": "IdP",
}


def initials(name: str) -> str:
    """Return up to two letters for an avatar."""
    parts = [part for part in re.split(r"[\s.@_-]+", name) if part and part[0].isalnum()] or ["?"]
    return (parts[0][0] + (parts[-1][0] if len(parts) > 1 else "")).upper()


def tone_of(text: str) -> str:
    """Return a tone that a name always gets."""
    return TONES[hashlib.sha256(text.encode()).digest()[0] % len(TONES)]


def state_tone(value: str, tones: Mapping[str, str] | None = None) -> str:
    """Return the tone of a state, gray for what has none."""
    return (tones or {}).get(value) or _KNOWN_TONES.get(value, "gray")


def address_lines(value: Mapping[str, str]) -> Markup:
    """Return a postal address, a line per part."""
    town = " ".join(part for part in (value.get("postal_code", ""), value.get("city", "")) if part)
    place = ", ".join(part for part in (town, value.get("region", "")) if part)
    lines = [value.get("street", ""), value.get("street2", ""), place, value.get("country", "")]
    return Markup("<br>").join(escape(line) for line in lines if line)


def inline(noun: str) -> str:
    """Return a noun as it stands within a sentence: English makes it small."""
    return noun if here().language != "en" or noun[1:2].isupper() else noun[:1].lower() + noun[1:]


def same_query(query: str, other: str) -> bool:
    """Tell whether two query strings ask the same.

    Example:
        >>> same_query("a=1&b=2", "b=2&a=1&sort=")
        True
    """
    return sorted(parse_qsl(query)) == sorted(parse_qsl(other))


FILTERS: Final[dict[str, Callable[..., Any]]] = {
    "same_query": same_query,
    "inline": inline,
    "when": when,
    "local": local,
    "day": day,
    "period": period,
    "weekday": weekday,
    "ago": ago,
    "number": number,
    "money": money,
    "humanise": humanise,
    "tally": tally,
    "initials": initials,
    "tone_of": tone_of,
    "state_tone": state_tone,
    "address_lines": address_lines,
}
