"""The page of billing runs: what there is to bill, and how runs went."""

import datetime
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from psa_billing import drafting
from psa_billing.api_sources import BillingScope
from psa_billing.engine.money import total
from psa_billing.formats import Formats
from psa_contacts.api import ContactBook
from psa_sdk import Context
from psa_sdk.documents import Documents
from psa_sdk.ui import Done, Show

AT_ONCE = 50
RUNS = "SELECT * FROM billing.batch ORDER BY created_at DESC LIMIT 8"
RESULTS = """
SELECT i.company, c.name, i.state, i.reason, i.invoices, i.amount, i.currency FROM billing.batch_item i
JOIN contacts.company c ON c.tenant_id = i.tenant_id AND c.id = i.company
WHERE i.batch = $1 AND i.state <> 'waiting' ORDER BY array_position(ARRAY['failed', 'created', 'skipped'], i.state), lower(c.name)
LIMIT 200"""


class Dates(msgspec.Struct):
    """Through which date, dated when; from which company on."""

    through: str = ""
    invoice_date: str = ""
    offset: int = 0


def _date(text: str, otherwise: datetime.date) -> datetime.date:
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        return otherwise


async def load(ctx: Context) -> Mapping[str, Any]:
    """Load the latest runs and the dates that suggest themselves."""
    runs = [dict(row) for row in await ctx.db.fetch(RUNS)]
    for run in runs[:1]:
        run["results"] = await ctx.db.fetch(RESULTS, run["id"])
    return {
        "formats": Formats,
        "through": ctx.today.replace(day=1) - datetime.timedelta(days=1),
        "dated": ctx.today,
        "runs": runs,
    }


async def preview(ctx: Context, form: Dates) -> Show:
    """Show what a run would write: it is done, and taken back."""
    through, dated = _date(form.through, ctx.today), _date(form.invoice_date, ctx.today)
    data = {
        "formats": Formats,
        "through": through,
        "dated": dated,
        "preview": await _preview(ctx, through, dated, max(0, form.offset)),
    }
    return Show(template="billing/preview.html", data=data)


async def _preview(ctx: Context, through: datetime.date, dated: datetime.date, offset: int) -> dict[str, Any]:
    due = await drafting.companies_due(ctx, through)
    names = await ctx.as_system().service(ContactBook).companies(due)
    companies = sorted(due, key=lambda one: (names[one].name.lower() if one in names else "", one))[offset:]
    rows: list[dict[str, Any]] = []
    drafts: list[drafting.Drafted] = []
    for company_id in companies[:AT_ONCE]:
        scope = BillingScope(company_id=company_id, through=through, invoice_date=dated)
        outcome = await drafting.preview(ctx, scope)
        drafts += outcome.drafts
        rows.append(
            {
                "company": names[company_id].name if company_id in names else "",
                "drafts": outcome.drafts,
                "reasons": outcome.reasons,
                "warnings": outcome.warnings,
            }
        )
    rows.sort(key=lambda row: (not row["drafts"], row["company"].lower()))
    return {
        "rows": rows,
        "first": offset + 1,
        "last": offset + len(rows),
        "all": len(due),
        "earlier": max(0, offset - AT_ONCE),
        "sums": _sums(drafts),
    }


def _sums(drafts: Sequence[drafting.Drafted]) -> list[tuple[str, Decimal]]:
    currencies = sorted({one.currency for one in drafts})
    return [
        (currency, total(one.total for one in drafts if one.currency == currency)) for currency in currencies
    ]


class RunForm(msgspec.Struct):
    """What the run does."""

    through: str
    invoice_date: str
    finalise: str = ""


async def start(ctx: Context, form: RunForm) -> Done:
    """Start a run over all companies that have something."""
    await ctx.service(Documents).call(
        "POST",
        "/invoices/generate/batch",
        body={"through": form.through, "invoice_date": form.invoice_date, "finalise": bool(form.finalise)},
    )
    return Done(toast="The run has started", refresh=("billing-batches",))


async def resume(ctx: Context, id: UUID) -> Done:
    """Try again what failed."""
    await ctx.service(Documents).call("POST", f"/billing-batches/{id}/resume")
    return Done(toast="The run goes on", refresh=("billing-batches",))
