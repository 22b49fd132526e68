"""Numbers of invoices: patterns such as `INV-{YYYY}-{seq:04}` (BILL-02)."""

import datetime
import re

TOKEN = re.compile(r"\{(YYYY|YY|MM|seq(?::0(\d{1,2}))?)\}")


def fault_of(pattern: str, *, resets_yearly: bool) -> str:
    """Return what is wrong with a pattern; empty when nothing is.

    Example:
        >>> fault_of("INV-{YYYY}-{seq:04}", resets_yearly=True), fault_of("INV-{seq}", resets_yearly=True)
        ('', 'Numbers start again each year, so the pattern needs {YYYY} or {YY}.')
    """
    tokens = [match[1] for match in TOKEN.finditer(pattern)]
    if sum(token.startswith("seq") for token in tokens) != 1:
        return "The pattern needs {seq} once, perhaps with a width: {seq:04}."
    if resets_yearly and not {"YYYY", "YY"} & set(tokens):
        return "Numbers start again each year, so the pattern needs {YYYY} or {YY}."
    if re.search(r"[{}]", TOKEN.sub("", pattern)):
        return "The pattern knows {YYYY}, {YY}, {MM} and {seq}."
    return ""


def written(pattern: str, date: datetime.date, sequence: int) -> str:
    """Write a number.

    Example:
        >>> from datetime import date
        >>> written("INV-{YYYY}-{seq:04}", date(2026, 5, 1), 7)
        'INV-2026-0007'
    """

    def value(match: re.Match[str]) -> str:
        token = match[1]
        if token.startswith("seq"):
            return str(sequence).zfill(int(match[2] or 0))
        return {"YYYY": f"{date.year:04}", "YY": f"{date.year % 100:02}", "MM": f"{date.month:02}"}[token]

    return TOKEN.sub(value, pattern)
