"""Which ticket a mail belongs to: token, ids, then the subject of those who take part (MAIL-01). Pure."""

import re
from collections.abc import Mapping, Sequence
from typing import Literal
from uuid import UUID

import msgspec

How = Literal["token", "in_reply_to", "references", "subject", "none"]
_SUBJECT = re.compile(r"\[#?T?-?0*(\d{1,15})\]|(?<![\w#])#T0*(\d{1,15})\b", re.IGNORECASE)
_PREFIX = re.compile(
    r"^\s*(?:(?:re|aw|antw|sv|vs|ref|rif|fwd?|wg|tr|rv|enc|doorst|i|r)\s*(?:\[\d+\])?\s*:\s*|\[[^\]]{0,40}external[^\]]{0,40}\]\s*)+",
    re.IGNORECASE,
)


class Match(msgspec.Struct, frozen=True, kw_only=True):
    """Where a mail belongs; `possible` is the ticket that only a stranger's subject names."""

    ticket: UUID | None = None
    how: How = "none"
    possible: UUID | None = None


def ticket_numbers(subject: str) -> list[int]:
    """Return the ticket numbers that a subject names.

    Example:
        >>> ticket_numbers("Re: [#T000123] Printer"), ticket_numbers("Room 123 is dark")
        ([123], [])
    """
    return list(dict.fromkeys(int(match[1] or match[2]) for match in _SUBJECT.finditer(subject)))


def bare_subject(subject: str) -> str:
    """Return a subject without Re:, AW:, Fwd: and our own tag.

    Example:
        >>> bare_subject("AW: Re: [#T000123] Printer"), bare_subject("Regal: neu")
        ('Printer', 'Regal: neu')
    """
    former, text = "", subject
    while former != text:
        former, text = text, _PREFIX.sub("", _SUBJECT.sub("", text)).strip()
    return text


def is_forward(subject: str) -> bool:
    """Tell whether a subject says that the mail was passed on."""
    return re.match(r"^\s*(?:fwd?|wg|tr|rv|doorst|i)\s*:", subject, re.IGNORECASE) is not None


def match(
    *,
    by_token: Sequence[UUID],
    by_id: Mapping[str, UUID],
    in_reply_to: Sequence[str],
    references: Sequence[str],
    by_subject: Sequence[UUID],
    takes_part: Mapping[UUID, bool],
) -> Match:
    """Return a mail's ticket.

    `by_token` are the tickets of genuine tokens; `by_id` those of stored Message-IDs, in and out; `references` is in
    the header's order; `by_subject` are the tickets that the subject names, `takes_part` says whether the sender is
    requester, watcher, in copy, of the company, or staff of each.
    """
    for ticket in by_token:
        return Match(ticket=ticket, how="token")
    for one in in_reply_to:
        if one in by_id:
            return Match(ticket=by_id[one], how="in_reply_to")
    for one in reversed(references):
        if one in by_id:
            return Match(ticket=by_id[one], how="references")
    for ticket in by_subject:
        if takes_part.get(ticket, False):
            return Match(ticket=ticket, how="subject")
    return Match(possible=next(iter(by_subject), None))
