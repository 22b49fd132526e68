"""What of a mail becomes the text of a ticket or note, as Markdown (MAIL-07, MAIL-11). Pure."""

import re
from collections.abc import Collection

import msgspec

from psa_mail.html_reading import CUT, as_markdown, plain_as_markdown
from psa_mail.mime_reading import Mail
from psa_mail.reply_splitting import split_reply

LONGEST = 60_000
_IMAGE = re.compile(r"!\[((?:\\.|[^\]\\])*)\]\(cid:([^)\s]+)\)")


class Body(msgspec.Struct, frozen=True, kw_only=True):
    """Markdown, which of the mail's pictures it shows, and whether something was cut off."""

    content: str
    images: tuple[str, ...] = ()
    is_cut: bool = False


def body_of(mail: Mail, *, strip_quotes: bool) -> Body:
    """Return a mail's text. HTML is taken where the mail has pictures in it or nothing else.

    `strip_quotes` leaves out what a reply quotes, and signatures.
    """
    known = {one.content_id for one in mail.files if one.content_id}
    shows_images = any(f"cid:{one}" in mail.html for one in known)
    if mail.html and (shows_images or not mail.text.strip()):
        text = as_markdown(mail.html)
        whole = text.replace(CUT, "").strip()
        kept = split_reply(text).reply if strip_quotes else whole
    else:
        whole = plain_as_markdown(mail.text)
        kept = plain_as_markdown(split_reply(mail.text).reply) if strip_quotes else whole
    kept = kept.replace(CUT, "").strip()
    images = tuple(dict.fromkeys(found for _, found in _IMAGE.findall(kept) if found in known))
    return Body(
        content=shortened(re.sub(r"\n{3,}", "\n\n", kept)), images=images, is_cut=len(kept) < len(whole)
    )


def plain_of(mail: Mail) -> str:
    """Return a mail's text for rules and for finding what was forwarded."""
    return mail.text if mail.text.strip() else as_markdown(mail.html).replace(CUT, "")


def with_images(content: str, urls: dict[str, str], collapsed: Collection[str]) -> str:
    """Return a text whose pictures are at their places; collapsed and unknown ones leave no trace.

    Example:
        >>> with_images("a ![x](cid:1) b ![y](cid:2)", {"1": "/api/v1/attachments/7/content"}, {"2"})
        'a ![x](/api/v1/attachments/7/content) b'
    """

    def placed(match: re.Match[str]) -> str:
        url = urls.get(match[2], "")
        return f"![{match[1]}]({url})" if url and match[2] not in collapsed else ""

    return "\n".join(line.rstrip() for line in _IMAGE.sub(placed, content).split("\n")).strip()


def shortened(text: str) -> str:
    """Return a text that fits a note."""
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}\n\n…"
