"""Mail that staff pass on: who wrote it first, and what they said (MAIL-08). Pure."""

import re

import msgspec

from psa_mail.addresses import Person, people

_START = re.compile(
    r"^\W*(?:-{2,}|begin)\s*(?:forwarded|original|weitergeleitete|urspr(?:ü|ue?)ngliche|message|mensaje|doorgestuurd|oorspronkelijk)"
    r"[^\n]*$",
    re.IGNORECASE | re.MULTILINE,
)
_FROM = re.compile(r"^[\W_]{0,6}(?:from|von|de|van|da)\W{0,3}:\W*(.+)$", re.IGNORECASE | re.MULTILINE)
_SUBJECT = re.compile(
    r"^[\W_]{0,6}(?:subject|betreff|objet|asunto|onderwerp|oggetto)\W{0,3}:\W*(.+)$",
    re.IGNORECASE | re.MULTILINE,
)
_FIELD = re.compile(r"^[\W_]{0,6}[A-Za-zÀ-ÿ -]{1,20}\W{0,3}:\W*\S.*$")


class Forwarded(msgspec.Struct, frozen=True):
    """What was passed on."""

    author: Person
    subject: str
    text: str
    comment: str
    """What was written above it."""


def original(text: str) -> Forwarded | None:
    r"""Return the passed-on mail in a text, or None where none is recognised.

    Example:
        >>> found = original("FYI\\n---------- Forwarded message ---------\\nFrom: Ada <ada@example.com>\\n"
        ...     "Date: Mon\\nSubject: Help\\n\\nIt smokes.")
        >>> found.author.email, found.subject, found.text, found.comment
        ('ada@example.com', 'Help', 'It smokes.', 'FYI')
    """
    bare = text.replace("\\\n", "\n")
    start = _START.search(bare)
    match = _FROM.search(bare, start.end() if start else 0)
    if match is None:
        return None
    author = next(
        iter(people([re.sub(r"[\\*\[\]]|\(mailto:[^)]*\)", "", match[1]).replace("mailto:", "")])), None
    )
    if author is None:
        return None
    rest = bare[match.start() :].split("\n")
    heads = 0
    while (
        heads < len(rest)
        and heads < 9
        and (_FIELD.match(rest[heads]) or (heads and rest[heads].startswith((" ", "\t"))))
    ):
        heads += 1
    subject = _SUBJECT.search("\n".join(rest[:heads]))
    return Forwarded(
        author=author,
        subject=re.sub(r"[\\*]", "", subject[1]).strip() if subject else "",
        text="\n".join(rest[heads:]).strip(),
        comment=bare[: start.start() if start else match.start()].strip(),
    )
