"""Filling `{{path|fallback}}` in texts that tenants write; unknown placeholders block sending (TIC-62)."""

import re
from collections.abc import Callable, Mapping

from psa_sdk.errors import Fault, Invalid

_MARKUP = re.compile(r"([\\`*_\[\]<>])")
_PLACEHOLDER = re.compile(r"\{\{\s*([a-z_][a-z0-9_.]*)\s*(?:\|([^{}]*))?\}\}")


def placeholders(content: str) -> set[str]:
    """Return the paths that a text asks for.

    Example:
        >>> sorted(placeholders("{{title}} for {{contact.name|you}}"))
        ['contact.name', 'title']
    """
    return {match[1] for match in _PLACEHOLDER.finditer(content)}


def fill(content: str, values: Mapping[str, str | None], *, escape: Callable[[str], str] = str) -> str:
    """Return the text with every placeholder replaced by its value, or by its fallback when that is empty.

    Raises `Invalid` listing every placeholder that doesn't exist.

    Example:
        >>> fill("Hi {{contact.first_name|there}}", {"contact.first_name": None})
        'Hi there'
    """
    unknown = sorted(placeholders(content) - values.keys())
    if unknown:
        known = ", ".join(sorted(values))
        raise Invalid(
            faults=[
                Fault(
                    detail=f"There is no placeholder {{{{{name}}}}}; use one of {known}.",
                    code="unknown_placeholder",
                )
                for name in unknown
            ]
        )
    return _PLACEHOLDER.sub(lambda match: escape(values[match[1]] or (match[2] or "").strip()), content)


def as_plain(text: str) -> str:
    r"""Return text that Markdown shows as it is: a client's name makes no link.

    Example:
        >>> as_plain("[Ada](https://example.com)")
        '\\[Ada\\](https://example.com)'
    """
    return _MARKUP.sub(r"\\\1", text)
