"""Mail that no person wrote: what tells so, and what follows from it (MAIL-04). Pure."""

import re
from collections.abc import Collection, Sequence
from typing import Literal

import msgspec

from psa_mail.addresses import comparable, parted

Verdict = Literal["human", "suspicious", "automated", "bulk", "bounce", "own"]
"""`own` is dropped; `bounce` becomes an internal note; `automated` and `bulk` move nothing; `suspicious` gets no
acknowledgement but may reopen."""

ORIGIN_HEADER = "X-PSA-Origin"
_ROBOT = re.compile(r"^(mailer-daemon|postmaster|mail-daemon)$", re.IGNORECASE)
_OUT_OF_OFFICE = re.compile(
    r"^\W*(?:re:|aw:)?\s*(?:automatic reply|auto(?:matic)?[- ]?(?:reply|response|antwort)|automatische antwort"
    r"|abwesenheits(?:notiz|meldung|nachricht)|out of (?:the )?office|réponse automatique|respuesta automática"
    r"|automatisch antwoord|afwezig(?:heid)?)",
    re.IGNORECASE,
)
_OOF = {"oof", "autoreply", "all"}


class Signals(msgspec.Struct, frozen=True, kw_only=True):
    """The headers that tell, as they came; a missing one is empty, `return_path` None where it isn't known."""

    sender: str
    subject: str = ""
    return_path: str | None = None
    auto_submitted: str = ""
    content_type: str = ""
    report_type: str = ""
    precedence: str = ""
    list_headers: Sequence[str] = ()
    autoreply_headers: Sequence[str] = ()
    suppress: str = ""
    message_class: str = ""
    origin: str = ""


class Judgement(msgspec.Struct, frozen=True):
    """The verdict and the signal that decided."""

    verdict: Verdict
    because: str = ""


def judge(signals: Signals, own_addresses: Collection[str]) -> Judgement:
    """Return who wrote a mail; `own_addresses` are those of our mailboxes, comparable.

    Example:
        >>> judge(Signals(sender="ada@example.com", auto_submitted="auto-replied"), ())
        Judgement(verdict='automated', because='Auto-Submitted: auto-replied')
        >>> judge(Signals(sender="ada@example.com", suppress="All"), ()).verdict
        'human'
    """
    sender = comparable(signals.sender)
    if sender in own_addresses or parted(sender)[0] in own_addresses:
        return Judgement("own", f"From is our own address {sender}")
    if signals.origin:
        return Judgement("own", f"{ORIGIN_HEADER} is set")
    return _report(signals) or _robot(signals, sender) or _machine(signals) or _by_subject(signals)


def _report(signals: Signals) -> Judgement | None:
    kind = signals.report_type.lower()
    if signals.content_type.lower() == "multipart/report" and kind in {
        "delivery-status",
        "disposition-notification",
    }:
        return Judgement("bounce", f"multipart/report; report-type={kind}")
    return None


def _robot(signals: Signals, sender: str) -> Judgement | None:
    if _ROBOT.match(sender.partition("@")[0]):
        return Judgement("bounce", f"From is {sender}")
    return None


def _machine(signals: Signals) -> Judgement | None:
    submitted = signals.auto_submitted.partition(";")[0].strip().lower()
    if submitted and submitted != "no":
        return Judgement("automated", f"Auto-Submitted: {submitted}")
    precedence = signals.precedence.strip().lower()
    if precedence in {"bulk", "junk", "list"}:
        return Judgement("bulk", f"Precedence: {precedence}")
    if precedence == "auto_reply":
        return Judgement("automated", "Precedence: auto_reply")
    if signals.list_headers:
        return Judgement("bulk", signals.list_headers[0])
    if signals.autoreply_headers:
        return Judgement("automated", signals.autoreply_headers[0])
    is_oof = "oof" in signals.message_class.lower() or _OUT_OF_OFFICE.match(signals.subject)
    if is_oof and _OOF & {part.strip().lower() for part in signals.suppress.split(",")}:
        return Judgement("automated", "X-Auto-Response-Suppress on an out-of-office reply")
    if signals.return_path is not None and signals.return_path.strip() in {"", "<>"}:
        return Judgement("automated", "Return-Path: <>")
    return None


def _by_subject(signals: Signals) -> Judgement:
    if _OUT_OF_OFFICE.match(signals.subject):
        return Judgement("suspicious", "The subject reads like an automatic reply")
    return Judgement("human")


class Effects(msgspec.Struct, frozen=True, kw_only=True):
    """What a mail may do on its ticket."""

    acknowledge: bool
    reopen: bool
    automated: bool
    internal: bool
    drop: bool


def effects(verdict: Verdict) -> Effects:
    """Return what follows from a verdict."""
    return Effects(
        acknowledge=verdict == "human",
        reopen=verdict in {"human", "suspicious"},
        automated=verdict in {"automated", "bulk", "bounce"},
        internal=verdict == "bounce",
        drop=verdict == "own",
    )
