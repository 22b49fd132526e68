"""The forms of requests: what a client's answers are worth. Pure rules (PRT-06)."""

import datetime
import hashlib
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Final, Literal

import msgspec

from psa_sdk.errors import Fault

KINDS: Final = ("text", "long_text", "choice", "number", "date", "boolean", "file")
Kind = Literal["text", "long_text", "choice", "number", "date", "boolean", "file"]
YES, NO = "yes", "no"
_LONGEST: Final = 20_000


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """A question of a form. `required_if` is `key=answer`, or a yes-or-no question's key alone."""

    key: str
    label: str
    kind: Kind = "text"
    help: str = ""
    options: tuple[str, ...] = ()
    required: bool = False
    required_if: str = ""


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """An answer with its question as it was asked."""

    key: str
    label: str
    kind: Kind
    value: str


def revision(questions: Sequence[Question]) -> str:
    """Return what tells one version of a form from another.

    Example:
        >>> revision([]) == revision([Question(key="a", label="A")])
        False
    """
    return hashlib.sha256(msgspec.json.encode(list(questions))).hexdigest()[:16]


def answered(
    questions: Sequence[Question], sent: Mapping[str, str], files: Collection[str] = ()
) -> tuple[list[Given], list[Fault]]:
    """Return the answers and all that is wrong with them; `files` are the keys that files came for.

    Example:
        >>> asked = [Question(key="vpn", label="VPN", kind="boolean"),
        ...          Question(key="phone", label="Which telephone?", required_if="vpn")]
        >>> [fault.pointer for fault in answered(asked, {"vpn": "yes"})[1]]
        ['/answers/phone']
        >>> answered(asked, {})[1]
        []
    """
    values = {question.key: _plain(question, sent.get(question.key, "")) for question in questions}
    given: list[Given] = []
    faults: list[Fault] = []
    for question in questions:
        value = values[question.key]
        there = question.key in files if question.kind == "file" else value not in {"", NO}
        if not there and (question.required or _called_for(question.required_if, values)):
            faults.append(_fault(question, "This is needed."))
            continue
        if question.kind == "file":
            continue
        wrong = _wrong(question, value) if value else ""
        if wrong:
            faults.append(_fault(question, wrong))
        elif value:
            given.append(Given(key=question.key, label=question.label, kind=question.kind, value=value))
    return given, faults


def as_text(given: Sequence[Given], words: str = "") -> str:
    r"""Return a ticket's description in Markdown: what the client wrote, then the answers.

    Example:
        >>> as_text([Given(key="day", label="First day", kind="date", value="2026-06-01")], "Please.")
        'Please.\n\n**First day:** 2026-06-01'
    """
    parts = [words.strip()] if words.strip() else []
    for one in given:
        label = one.label.rstrip(":?")
        parts.append(
            f"**{label}:**\n\n{one.value}" if one.kind == "long_text" else f"**{label}:** {one.value}"
        )
    return "\n\n".join(parts)


def _plain(question: Question, text: str) -> str:
    text = text.strip()
    if question.kind != "boolean":
        return text
    return YES if text.lower() in {YES, "1", "true", "on"} else NO


def _called_for(condition: str, values: Mapping[str, str]) -> bool:
    key, _, wanted = condition.partition("=")
    return bool(key) and values.get(key.strip(), "") == (wanted.strip() or YES)


def _wrong(question: Question, value: str) -> str:
    if len(value) > _LONGEST:
        return f"Write at most {_LONGEST} characters."
    if question.kind == "choice" and value not in question.options:
        return "Choose one of the answers."
    if question.kind == "number":
        try:
            number = Decimal(value.replace(",", "."))
        except InvalidOperation:
            return "Enter a number."
        return "" if number.is_finite() else "Enter a number."
    if question.kind == "date":
        try:
            datetime.date.fromisoformat(value)
        except ValueError:
            return "Enter a date."
    return ""


def _fault(question: Question, detail: str) -> Fault:
    return Fault(detail=detail, code="answer_refused", pointer=f"/answers/{question.key}")
