"""What a person newly wrote in a reply, apart from quotation and signature (MAIL-07). Pure.

Knows the headings of quotations in English, German, French, Spanish, Dutch and some neighbours. Text between quoted
lines is an answer point by point and stays with them. Where nothing would remain, everything does.
"""

import re
from collections.abc import Sequence

import msgspec

from psa_mail.html_reading import CUT

ABOVE = "##- reply above this line -##"
MOST_LINES = 5000
_HEADING_LINES = 5
_EMAIL = r"<?(?:mailto:)?[^\s<>@]+@[^\s<>@]+>?"
_WROTE = re.compile(
    rf"""^\W{{0,3}}(?:
        (?:on|op|am|le|el|em|il|den|på|w\sdniu|dnia|në)\b.{{4,300}}\b
            (?:wrote|writes|said|schrieb|schreef|(?:a\s)?[ée]crit|escribi[óo]|escreveu|ha\sscritto|skrev|schreven|napisał\(?a?\)?)
            \b.{{0,80}}
      | .{{2,200}}\b(?:wrote|schrieb|schreef|(?:a\s)?[ée]crit|escribi[óo]|escreveu|ha\sscritto|skrev)\b.{{0,100}}
      | \d{{2,4}}[-./]\d{{1,2}}[-./]\d{{2,4}}.{{0,120}}(?:{_EMAIL}|\bwrote|\bschrieb).{{0,40}}
      | .{{0,80}}{_EMAIL}.{{0,20}}(?:wrote|schrieb|writes)
    )\s*:\s*$""",
    re.IGNORECASE | re.VERBOSE,
)
_WROTE_STARTS = re.compile(
    rf"^\W{{0,3}}(?:(?:on|op|am|le|el|em|il|den|på|dnia|w\sdniu)\b.*\d|\d{{1,4}}[-./]\d{{1,2}}[-./]\d{{2,4}}|.{{2,80}}{_EMAIL})",
    re.IGNORECASE,
)
_ORIGINAL = re.compile(
    r"""^\W*(?:[-_=]{2,}|[*]{2,}|>?\s*begin\b)\s*(?:
        (?:original|forwarded|reply)\s(?:message|appointment|mail|e-mail|text) | forwarded\smessage:? | original\smessage
      | urspr(?:ü|ue?)ngliche\s(?:nachricht|e-?mail) | original(?:nachricht|\snachricht|-nachricht)?
      | weitergeleitete\snachricht | message\s(?:d['\u2019]origine|original|transf[ée]r[ée]) | mensaje\s(?:original|reenviado)
      | oorspronkelijk\sbericht | doorgestuurd\sbericht | messaggio\soriginale | mensagem\soriginal | ursprungligt\smeddelande
    )\W*$""",
    re.IGNORECASE | re.VERBOSE,
)
_FIELDS = {
    "from": "from|von|de|van|da|från|fra|od|expéditeur|afzender",
    "sent": "sent|date|gesendet|datum|envoyé|enviado(?: el)?|fecha|verzonden|verstuurd|data|skickat|sendt|sent at",
    "to": "to|an|à|a|para|aan|till|til|per|destinataire|cc|kopie|copie",
    "subject": "subject|betreff|objet|asunto|onderwerp|oggetto|assunto|ämne|emne",
}
_FIELD = re.compile(
    "|".join(rf"^\W{{0,4}}(?P<{name}>{words})\s*:\W*\S" for name, words in _FIELDS.items()), re.IGNORECASE
)
_RULE = re.compile(r"^\W{0,3}[_=-]{20,}\s*$")
_QUOTED = re.compile(r"^\s{0,3}>")
_SIGNATURE = re.compile(r"^\s{0,3}(?:--+|—|__+)\s*$")
_DEVICE = re.compile(
    r"""^\W*(?:
        sent\s(?:from|via|with|using)\b.{2,80} | get\soutlook\sfor\b.{2,60} | sent\sby\s(?:my\s)?\w+\s(?:phone|mail).{0,40}
      | (?:von|mit)\smeine[mnr]?\b.{2,60}\b(?:gesendet|geschickt|verschickt).{0,20} | gesendet\s(?:von|mit|über|aus)\b.{2,80}
      | diese\s(?:nachricht|e-?mail)\swurde\svon\smeine[mr]\b.{2,90}
      | outlook\sf(?:ü|ue)r\s(?:ios|android)\b.{0,40} | envoy[ée]\s(?:de|depuis|à\spartir\sde)\b.{2,80} | t[ée]l[ée]charger\soutlook.{2,40}
      | enviado\s(?:desde|do)\b.{2,80} | obtener\soutlook\b.{2,40}
      | (?:verzonden|verstuurd)\s(?:vanaf|met|via|vanuit)\b.{2,80} | inviato\s(?:da|dal)\b.{2,60} | skickat\sfrån\b.{2,60}
    )$""",
    re.IGNORECASE | re.VERBOSE,
)


class Split(msgspec.Struct, frozen=True):
    """A reply in its two parts; `rest` is empty when nothing was cut."""

    reply: str
    rest: str = ""


def split_reply(text: str, *, keep_signature: bool = False) -> Split:
    r"""Part a reply, plain or Markdown; `text` may hold `CUT` where HTML told so.

    Example:
        >>> split_reply("Works now, thanks!\\n\\nOn Mon, Jun 1, 2026 at 9:00 AM, Desk <desk@example.com> wrote:\\n> Try again.")
        Split(reply='Works now, thanks!', rest='On Mon, Jun 1, 2026 at 9:00 AM, Desk <desk@example.com> wrote:\\n> Try again.')
        >>> split_reply("> only a quotation").reply
        '> only a quotation'
    """
    lines = text.replace("\r\n", "\n").replace("\N{NO-BREAK SPACE}", " ").split("\n")[:MOST_LINES]
    bare = [_bare(line) for line in lines]
    end = _quotation(bare)
    kept = list(range(end))
    if not any(bare[index].strip() for index in kept):
        # Answered below: what follows the quotation is the reply.
        kept = _below(bare, end)
    while kept and (not bare[kept[-1]].strip() or _QUOTED.match(bare[kept[-1]])):
        kept.pop()
    if not keep_signature:
        kept = _without_signature(bare, kept)
    chosen = set(kept)
    reply = _shown([lines[index] for index in kept])
    if not reply:
        return Split(_shown(lines))
    return Split(reply, _shown([line for index, line in enumerate(lines) if index not in chosen]))


def _bare(line: str) -> str:
    return line.rstrip().removesuffix("\\").replace("\\", "").replace("**", "").replace("\x11", "\x11")


def _shown(lines: Sequence[str]) -> str:
    text = "\n".join(line for line in lines if line != CUT).strip("\n").rstrip()
    return text.removesuffix("\\").rstrip()


def _quotation(bare: Sequence[str]) -> int:
    """Return the line at which the quotation begins that goes on to the end; the number of lines without one."""
    for index, line in enumerate(bare):
        if line == CUT or ABOVE in line:
            return index
        heading = _heading(bare, index)
        if heading and (
            not _answered_between(bare, index + heading) or _answered_below(bare, index, index + heading)
        ):
            return _before_rule(bare, index)
    return len(bare)


def _heading(bare: Sequence[str], index: int) -> int:
    """Return how many lines the heading of a quotation takes here; 0 where there is none."""
    line = bare[index].lstrip("> ")
    if not line.strip():
        return 0
    if _ORIGINAL.match(line):
        return 1
    if block := _block(bare, index):
        return block
    if not _WROTE_STARTS.match(line) and not line.rstrip().endswith(":"):
        return 0
    joined = ""
    for length, following in enumerate(bare[index : index + _HEADING_LINES], 1):
        if not following.strip("> "):
            break
        joined = f"{joined} {following.lstrip('> ').strip()}".strip()
        if len(joined) > 500:
            break
        if _WROTE.match(joined):
            return length
    return 0


def _block(bare: Sequence[str], index: int) -> int:
    """Return the length of a block of From:, Sent:, To:, Subject: lines, in any language and order."""
    found: set[str] = set()
    length = 0
    for offset, line in enumerate(bare[index : index + 9]):
        match = _FIELD.match(line.lstrip("> "))
        if match is not None and match.lastgroup:
            found.add(match.lastgroup)
            length = offset + 1
        elif offset == 0 or (offset - length > 1):
            break
    is_block = "from" in found and len(found) >= 3
    return length if is_block else 0


def _answered_between(bare: Sequence[str], start: int) -> bool:
    """Tell whether somebody wrote between or below quoted lines, rather than above them."""
    seen_quote = False
    for index in range(start, len(bare)):
        line = bare[index]
        if _QUOTED.match(line):
            seen_quote = True
        elif line.strip() and seen_quote:
            ends = _SIGNATURE.match(line) or _DEVICE.match(line) or _heading(bare, index)
            return not ends
        elif line.strip():
            return False
    return False


def _answered_below(bare: Sequence[str], index: int, start: int) -> bool:
    """Tell whether all was quoted at once, with nothing above and the answer below."""
    if any(line.strip() for line in bare[:index]):
        return False
    quoted = [place for place in range(start, len(bare)) if _QUOTED.match(bare[place])]
    written = [place for place in range(start, len(bare)) if bare[place].strip() and place not in set(quoted)]
    return bool(quoted and written) and max(quoted) < min(written)


def _below(bare: Sequence[str], end: int) -> list[int]:
    """Return the lines of a reply that stands below its quotation."""
    if end >= len(bare):
        return []
    start = end + max(_heading(bare, end), 1)
    while start < len(bare) and (not bare[start].strip() or _QUOTED.match(bare[start])):
        start += 1
    return list(range(start, len(bare))) if any(_QUOTED.match(line) for line in bare[end:start]) else []


def _before_rule(bare: Sequence[str], index: int) -> int:
    above = index - 1
    while above >= 0 and not bare[above].strip():
        above -= 1
    return above if above >= 0 and _RULE.match(bare[above]) else index


def _without_signature(bare: Sequence[str], kept: list[int]) -> list[int]:
    """Take off what follows `--`, and lines that a phone adds."""
    for place, index in enumerate(kept):
        after_text = any(bare[other].strip() and not _QUOTED.match(bare[other]) for other in kept[:place])
        if (
            after_text
            and _SIGNATURE.match(bare[index])
            and not any(_QUOTED.match(bare[other]) for other in kept[place:])
        ):
            kept = kept[:place]
            break
    while kept and (not bare[kept[-1]].strip() or (_DEVICE.match(bare[kept[-1]]) and len(kept) > 1)):
        kept = kept[:-1]
    return kept
