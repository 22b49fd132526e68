"""The page of the bookkeeping: what waits for an export, by account, and what was exported."""

import datetime
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec
from litestar import Response

from psa_billing import accounting_documents, accounting_exports
from psa_billing.accounting_exports import EXPORTS
from psa_billing.accounting_routes import journal_answer, waiting_facts
from psa_billing.formats import Formats
from psa_sdk import Context
from psa_sdk.documents import Documents
from psa_sdk.ui import Done

EXPORTS_SHOWN = "SELECT * FROM billing.accounting_export ORDER BY created_at DESC, id DESC LIMIT 12"
NAMES = "SELECT account, max(name) AS name FROM billing.account_mapping WHERE name <> '' GROUP BY 1"


class Asked(msgspec.Struct, kw_only=True):
    """Through which date."""

    through: str = ""


async def load(ctx: Context, query: Asked) -> Mapping[str, Any]:
    """Load what waits through a day (the end of last month without one), the latest exports, and what changed."""
    try:
        through = datetime.date.fromisoformat(query.through)
    except ValueError:
        through = ctx.today.replace(day=1) - datetime.timedelta(days=1)
    return {
        "formats": Formats,
        "through": through,
        "waiting": await waiting_facts(ctx, through),
        "names": {row["account"]: row["name"] for row in await ctx.db.fetch(NAMES)},
        "exports": await ctx.db.fetch(EXPORTS_SHOWN),
        "changed": await accounting_documents.changed(ctx),
    }


async def journal(ctx: Context, id: UUID) -> Response[bytes]:
    """Download an export's file."""
    found = await ctx.records.get(EXPORTS, id)
    return journal_answer(found, await accounting_exports.journal_of(ctx, found))


async def export(ctx: Context, form: Asked) -> Done:
    """Export what waits."""
    await ctx.service(Documents).call("POST", "/billing/accounting/export", body={"through": form.through})
    return Done(toast="Exported", refresh=("accounting-exports",))


async def cancel(ctx: Context, id: UUID) -> Done:
    """Take an export back."""
    await ctx.service(Documents).call("POST", f"/accounting-exports/{id}/cancel")
    return Done(toast="Taken back", refresh=("accounting-exports",))
