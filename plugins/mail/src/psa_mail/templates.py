"""The words of mails: ours in English and German, and the tenant's own; placeholders are filled, never run. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from psa_mail.api import TemplateKind
from psa_sdk.errors import Fault, Invalid
from psa_sdk.placeholders import as_plain, fill, placeholders

TICKET = (
    "ticket.number", "ticket.title", "contact.name", "contact.first_name", "company.name", "assignee.name",
    "organisation.name",
)  # fmt: skip
KNOWN: Mapping[str, tuple[str, ...]] = {
    "created": TICKET,
    "reply": (*TICKET, "note", "me.name", "signature"),
    "resolved": TICKET,
    "survey": (*TICKET, "link", "scale"),
    "notice": (*TICKET, "note", "me.name"),
    "password_reset": ("account.name", "link", "minutes", "hours", "organisation.name"),
    "invitation": ("account.name", "link", "minutes", "hours", "organisation.name"),
}
ABOVE = "\\##- reply above this line -##"


class Words(msgspec.Struct, frozen=True):
    """A mail's subject and its text in Markdown, placeholders not yet filled in."""

    title: str
    content: str


_SUBJECT = "[#{{ticket.number}}] {{ticket.title}}"
_OURS: Mapping[tuple[str, str], Words] = {
    ("created", "en"): Words(
        _SUBJECT,
        "Hi {{contact.first_name|there}},\n\nthank you, we have your request as **{{ticket.number}}**. Answer to this mail"
        " if there is anything to add.\n\n{{organisation.name}}",
    ),
    ("created", "de"): Words(
        _SUBJECT,
        "Guten Tag {{contact.name}},\n\nvielen Dank, wir haben Ihre Anfrage **{{ticket.number}}**. Antworten Sie"
        " auf diese Mail, wenn es etwas zu ergänzen gibt.\n\n{{organisation.name}}",
    ),
    ("reply", "en"): Words(_SUBJECT, "{{note}}\n\n{{signature}}"),
    ("reply", "de"): Words(_SUBJECT, "{{note}}\n\n{{signature}}"),
    ("resolved", "en"): Words(
        _SUBJECT,
        "Hi {{contact.first_name|there}},\n\n**{{ticket.number}}** is solved as far as we can see. If it isn't, answer to"
        " this mail and we go on.\n\n{{organisation.name}}",
    ),
    ("resolved", "de"): Words(
        _SUBJECT,
        "Guten Tag {{contact.name}},\n\n**{{ticket.number}}** ist aus unserer Sicht gelöst. Wenn nicht, antworten Sie auf"
        " diese Mail, und wir machen weiter.\n\n{{organisation.name}}",
    ),
    ("survey", "en"): Words(
        _SUBJECT,
        "Hi {{contact.first_name|there}},\n\n**{{ticket.number}}** is closed. How did we do, from 1 (very bad) to 5 (very good)?\n\n"
        "{{scale}}\n\nThe link leads to a page where you may add a word.\n\n{{organisation.name}}",
    ),
    ("survey", "de"): Words(
        _SUBJECT,
        "Guten Tag {{contact.name}},\n\n**{{ticket.number}}** ist abgeschlossen. Wie zufrieden sind Sie, von 1 (sehr schlecht) bis 5 (sehr"
        " gut)?\n\n{{scale}}\n\nDer Link führt auf eine Seite, auf der Sie etwas ergänzen können.\n\n{{organisation.name}}",
    ),
    ("notice", "en"): Words(
        _SUBJECT, "**{{me.name}}** wrote on {{ticket.number}} ({{company.name|no company}}):\n\n{{note}}"
    ),
    ("notice", "de"): Words(
        _SUBJECT, "**{{me.name}}** schrieb zu {{ticket.number}} ({{company.name|ohne Firma}}):\n\n{{note}}"
    ),
    ("password_reset", "en"): Words(
        "Choose a new password",
        "Hello {{account.name}},\n\nsomebody asked for a new password for you at {{organisation.name}}. If that was you,"
        " choose one within {{minutes}} minutes:\n\n<{{link}}>\n\nIf it wasn't, there is nothing to do.",
    ),
    ("password_reset", "de"): Words(
        "Neues Passwort wählen",
        "Guten Tag {{account.name}},\n\nbei {{organisation.name}} wurde ein neues Passwort für Sie angefordert. Wenn Sie das"
        " waren, wählen Sie innerhalb von {{minutes}} Minuten eines:\n\n<{{link}}>\n\nWenn nicht, ist nichts zu tun.",
    ),
    ("invitation", "en"): Words(
        "Your access to {{organisation.name}}",
        "Hello {{account.name}},\n\n{{organisation.name}} gives you access. Choose a password within {{hours}}"
        " hours:\n\n<{{link}}>",
    ),
    ("invitation", "de"): Words(
        "Ihr Zugang zu {{organisation.name}}",
        "Guten Tag {{account.name}},\n\n{{organisation.name}} richtet Ihnen einen Zugang ein. Wählen Sie innerhalb von"
        " {{hours}} Stunden ein Passwort:\n\n<{{link}}>",
    ),
}


def chosen(kind: TemplateKind, language: str, rows: Iterable[Mapping[str, Any]]) -> Words:
    r"""Return the words of a kind in a language: the tenant's own for it, the tenant's for all, then ours.

    Example:
        >>> chosen("reply", "fr", []).content
        '{{note}}\\n\\n{{signature}}'
    """
    short = language.partition("-")[0].lower()
    ours = _OURS[kind, short if (kind, short) in _OURS else "en"]
    mine = {row["language"].lower(): row for row in rows if row["kind"] == kind}
    row = mine.get(language.lower()) or mine.get(short) or mine.get("")
    return Words(row["title"] or ours.title, row["content"]) if row else ours


def check(kind: str, text: str, pointer: str) -> None:
    """Raise `Invalid` naming every placeholder that mails of a kind don't have."""
    known = KNOWN[kind]
    unknown = sorted(placeholders(text) - set(known))
    if unknown:
        detail = "There is no placeholder {{{{{name}}}}} in these mails; use one of {known}."
        raise Invalid(
            faults=[
                Fault(
                    detail=detail.format(name=name, known=", ".join(known)),
                    code="unknown_placeholder",
                    pointer=pointer,
                )
                for name in unknown
            ]
        )


def filled(
    words: Words,
    values: Mapping[str, str | None],
    *,
    markdown: Iterable[str] = ("note", "signature", "link", "scale"),
) -> Words:
    """Return the words with their values; those in `markdown` are so already, the others are shown as they are."""
    ready = set(markdown)
    escaped = {
        name: value if name in ready or value is None else as_plain(value) for name, value in values.items()
    }
    title = " ".join(fill(words.title, values).split())
    return Words(title, fill(words.content, escaped).strip())
