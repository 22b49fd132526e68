"""Rendering of Markdown (CommonMark with tables and strikethrough) to HTML that is safe to show."""

import re
from uuid import UUID

import nh3
from markdown_it import MarkdownIt

MENTION = re.compile(r"@\[([^\]\n]{1,200})\]\(user:([0-9a-fA-F-]{36})\)")
TAGS = {
    "a", "blockquote", "br", "code", "del", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "img", "li", "ol", "p",
    "pre", "s", "span", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
ATTRIBUTES = {"a": {"href", "title"}, "img": {"src", "alt", "title"}, "span": {"data-user"}, "ol": {"start"}}

_markdown = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable(["table", "strikethrough"])


def render(content: str) -> str:
    """Return the HTML of a Markdown text; raw HTML in it is shown as text, links open without a referrer.

    Example:
        >>> render("**hi** <script>alert(1)</script>")
        '<p><strong>hi</strong> &lt;script&gt;alert(1)&lt;/script&gt;</p>'
        >>> render("[x](javascript:alert(1))")
        '<p>[x](javascript:alert(1))</p>'
    """
    named = MENTION.sub(lambda match: f"**@{match[1]}**", content)
    return clean(_markdown.render(named)).strip()


def clean(html: str) -> str:
    """Return HTML with everything removed that could act; images come only from this server (`/api/`)."""
    return _cleaner.clean(html)


def _local_images(tag: str, attribute: str, value: str) -> str | None:
    if tag == "img" and attribute == "src" and not value.startswith("/api/"):
        return None
    return value


_cleaner = nh3.Cleaner(
    tags=TAGS,
    attributes=ATTRIBUTES,
    url_schemes={"http", "https", "mailto", "tel"},
    link_rel="noopener noreferrer nofollow",
    attribute_filter=_local_images,
)


def mentioned(content: str) -> list[UUID]:
    """Return the ids in mentions such as `@[Ada](user:<id>)`, in order, each once."""
    return list(dict.fromkeys(UUID(match[2]) for match in MENTION.finditer(content) if _is_uuid(match[2])))


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
