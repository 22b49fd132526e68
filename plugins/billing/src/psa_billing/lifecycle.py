"""What an invoice may become: a table (BILL-03, X-12)."""

from collections.abc import Mapping
from typing import Any

from psa_sdk.errors import Conflict

DRAFTS = frozenset(("draft", "pending", "approved"))
OPEN = frozenset(("sent", "partially_paid"))

ALLOWED: Mapping[str, frozenset[str]] = {
    "draft": frozenset(("pending", "approved", "sent")),
    "pending": frozenset(("draft", "approved")),
    "approved": frozenset(("draft", "sent")),
    "sent": frozenset(("partially_paid", "paid", "void", "written_off")),
    "partially_paid": frozenset(("sent", "paid", "written_off")),
    "paid": frozenset(("sent", "partially_paid", "written_off")),
    "written_off": frozenset(("sent", "partially_paid", "paid")),
    "void": frozenset(),
}


def check(invoice: Mapping[str, Any], target: str) -> None:
    """Raise `Conflict` unless an invoice may become what is wanted."""
    allowed = ALLOWED[invoice["status"]]
    if target not in allowed:
        raise Conflict(
            f"{shown(invoice)} is {invoice['status'].replace('_', ' ')} and can't become {target.replace('_', ' ')}.",
            code="illegal_transition",
            meta={"status": invoice["status"], "allowed": sorted(allowed)},
        )


def shown(invoice: Mapping[str, Any]) -> str:
    """Return what people call an invoice: its number, or `DRAFT-` and the end of its id (BILL-01)."""
    return invoice["invoice_number"] or f"DRAFT-{str(invoice['id'])[-8:]}"
