"""A mail of ours as bytes: headers that thread everywhere, text beside HTML, pictures in place (MAIL-06). Pure."""

import re
from collections.abc import Sequence
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from html import unescape

import msgspec

from psa_mail.addresses import Person, one_line
from psa_mail.automated_mail import ORIGIN_HEADER

_IMAGE = re.compile(r'src="/api/v1/attachments/([0-9a-f-]{36})/content"')
_LINK = re.compile(r'<a [^>]*href="([^"]*)"[^>]*>(.*?)</a>', re.DOTALL)
_METHOD = re.compile(r"^METHOD:([A-Z]+)\s*$", re.MULTILINE)
_STYLE = "font-family: system-ui, -apple-system, 'Segoe UI', Arial, sans-serif; font-size: 14px; line-height: 1.5; color: #1c1c22"


class Enclosure(msgspec.Struct, frozen=True, kw_only=True):
    """A file that goes along; `id` is what the HTML's pictures name."""

    id: str
    name: str
    media_type: str
    content: bytes


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a mail consists of."""

    sender: Person
    to: Sequence[Person]
    cc: Sequence[Person] = ()
    subject: str
    text: str
    html: str = ""
    calendar: str = ""
    """An iCalendar object with a METHOD: an alternative that calendars understand (RFC 6047 2.4)."""
    message_id: str
    date: datetime
    reply_to: str = ""
    in_reply_to: str = ""
    references: Sequence[str] = ()
    automatic: bool = False
    origin: str = ""
    enclosures: Sequence[Enclosure] = ()


def composed(draft: Draft) -> bytes:
    """Return the message as it goes over the wire (RFC 5322, CRLF, 7 bit)."""
    message = EmailMessage(policy=SMTP.clone(cte_type="7bit"))
    message["From"] = _address(draft.sender)
    message["To"] = [_address(one) for one in draft.to]
    if draft.cc:
        message["Cc"] = [_address(one) for one in draft.cc]
    message["Subject"] = one_line(draft.subject)[:900]
    message["Date"] = format_datetime(draft.date)
    message["Message-ID"] = f"<{draft.message_id}>"
    if draft.reply_to:
        message["Reply-To"] = _address(Person(draft.reply_to, draft.sender.name))
    if draft.in_reply_to:
        message["In-Reply-To"] = f"<{draft.in_reply_to}>"
    if draft.references:
        message["References"] = " ".join(f"<{one}>" for one in draft.references)
    if draft.automatic:
        message["Auto-Submitted"] = "auto-generated"
        message["X-Auto-Response-Suppress"] = "All"
    if draft.origin:
        message[ORIGIN_HEADER] = draft.origin
    _fill(message, draft)
    return message.as_bytes()


def _address(one: Person) -> Address:
    return Address(display_name=one_line(one.name), addr_spec=one.email)


def _fill(message: EmailMessage, draft: Draft) -> None:
    message.set_content(draft.text.rstrip() + "\n")
    shown: set[str] = set()
    if draft.html:
        known = {one.id: one for one in draft.enclosures}
        shown = {found for found in _IMAGE.findall(draft.html) if found in known}
        html = _IMAGE.sub(
            lambda match: f'src="cid:{match[1]}"' if match[1] in known else 'src=""', draft.html
        )
        page = f'<!DOCTYPE html><html><body><div style="{_STYLE}">{html}</div></body></html>'
        message.add_alternative(page, subtype="html")
        body = list(message.iter_parts())[-1]
        for one in (known[name] for name in sorted(shown)):
            kind, _, subtype = one.media_type.partition("/")
            body.add_related(  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
                one.content,
                maintype=kind,
                subtype=subtype or "octet-stream",
                cid=f"<{one.id}>",
                filename=one.name,
            )
    if draft.calendar:
        method = _METHOD.search(draft.calendar)
        message.add_alternative(draft.calendar, subtype="calendar", charset="utf-8", cte="base64")
        last = list(message.iter_parts())[-1]
        last.set_param("method", method[1] if method else "PUBLISH")
    for one in draft.enclosures:
        if one.id not in shown:
            kind, _, subtype = one.media_type.partition("/")
            if kind in {"multipart", "message", "text"}:
                kind, subtype = "application", "octet-stream"
            message.add_attachment(
                one.content, maintype=kind, subtype=subtype or "octet-stream", filename=one.name
            )


def plain(html: str) -> str:
    r"""Return the text of rendered Markdown, for the part of a mail that has no HTML.

    Example:
        >>> plain('<p>Hi <strong>you</strong><br>see <a href="https://example.com/x">here</a></p><ul><li>one</li></ul>')
        'Hi you\\nsee here (https://example.com/x)\\n\\n- one'
    """
    text = _LINK.sub(_spelled, html)
    text = re.sub(r"<img [^>]*alt=\"([^\"]*)\"[^>]*>", r"[\1]", text)
    text = re.sub(r"\n*<br ?/?>\n*", "\n", text)
    text = re.sub(r"<li>\s*(?:<p>)?", "\n- ", text)
    text = re.sub(r"</(?:p|h\d|ul|ol|pre|blockquote|table)>\s*", "\n\n", text)
    text = re.sub(r"</tr>\s*", "\n", text)
    text = re.sub(r"</t[dh]>\s*", "  ", text)
    text = unescape(re.sub(r"<[^>]+>", "", text))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() for line in text.split("\n"))).strip()


def _spelled(match: re.Match[str]) -> str:
    target, label = match[1], match[2]
    return (
        label
        if re.sub(r"<[^>]+>", "", label) in {target, target.removeprefix("mailto:")}
        else f"{label} ({target})"
    )
