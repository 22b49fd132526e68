"""Payment terms: from the invoice's date to the due date (BILL-2A, CON-15)."""

import calendar
import datetime
import re

TERMS = r"^(due_on_receipt|net_\d{1,3}|eom_\d{1,3}|day_\d{1,2})$"
"""`net_N`: N days; `eom_N`: N days after the month's end; `day_N`: the Nth of next month."""


def due_date(date: datetime.date, terms: str) -> datetime.date:
    """Return the day on which an invoice is due; raises `ValueError` for unknown terms.

    Example:
        >>> from datetime import date
        >>> [str(due_date(date(2026, 1, 31), terms)) for terms in ("net_30", "eom_10", "day_15", "due_on_receipt")]
        ['2026-03-02', '2026-02-10', '2026-02-15', '2026-01-31']
    """
    if not re.match(TERMS, terms):
        raise ValueError(f"there are no terms {terms!r}")
    if terms == "due_on_receipt":
        return date
    kind, written = terms.rsplit("_", 1)
    number = int(written)
    if kind == "net":
        return date + datetime.timedelta(days=number)
    last = date.replace(day=calendar.monthrange(date.year, date.month)[1])
    if kind == "eom":
        return last + datetime.timedelta(days=number)
    following = last + datetime.timedelta(days=1)
    return following.replace(day=min(max(number, 1), calendar.monthrange(following.year, following.month)[1]))
