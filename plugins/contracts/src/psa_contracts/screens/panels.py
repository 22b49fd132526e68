"""Parts of a contract's page, and contracts on the pages of companies and tickets."""

import datetime
from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import msgspec

from psa_contracts.api import CONTRACTS, ITEMS
from psa_contracts.balances import HourBalance, balance, counts_on
from psa_contracts.charges import Due, due
from psa_contracts.periods import period_at, periods
from psa_sdk import Context
from psa_sdk.documents import Documents
from psa_sdk.ui import Panel, Widget

READ: Final = "contracts.contracts.read"
REVISIONS_READ: Final = "contracts.contract_item_revisions.read"
CHARGES_READ: Final = "contracts.contract_charges.read"
Loaded = Mapping[str, Any] | None
CONTRACT = "SELECT * FROM contracts.contract WHERE id = $1"
CHARGED = """
SELECT ch.period_start, ch.period_end, ch.sequence, ch.quantity, ch.unit_price, ch.amount, ch.currency, ch.invoice,
    i.name, jsonb_array_length(ch.counted_ids) AS counted
FROM contracts.charge ch JOIN contracts.item i ON (i.tenant_id, i.id) = (ch.tenant_id, ch.item)
WHERE ch.contract = $1 ORDER BY ch.period_start DESC, i.sort_order, ch.sequence LIMIT 200"""
LEDGER = """
SELECT e.kind, e.minutes, e.posted_on, e.created_at, e.source_id, g.kind AS grant_kind, i.name
FROM contracts.hour_entry e
JOIN contracts.hour_grant g ON (g.tenant_id, g.id) = (e.tenant_id, e.hour_grant)
LEFT JOIN contracts.item i ON (i.tenant_id, i.id) = (g.tenant_id, g.item)
WHERE e.contract = $1 ORDER BY e.created_at DESC, e.id DESC LIMIT 60"""
OF_COMPANY = """
SELECT id, number, name, status, contract_type, end_date, billing_amount, currency, labour
FROM contracts.contract WHERE company = $1 AND status = ANY($2::text[]) ORDER BY status, start_date DESC LIMIT 6"""
LEFT = """
SELECT g.contract, sum(g.minutes)::int AS granted, sum(g.balance_minutes)::int AS remaining
FROM contracts.hour_grant g WHERE g.contract = ANY($1::uuid[]) AND g.valid_from <= $2
    AND (g.expires_on IS NULL OR g.expires_on >= $2) GROUP BY 1"""
ENDING = """
SELECT id, number, name, end_date, auto_renew, company FROM contracts.contract
WHERE status = 'active' AND end_date BETWEEN $1 AND $2 ORDER BY end_date, number LIMIT 6"""


class PeriodRow(msgspec.Struct):
    """A period of the contract's cycle: what was charged, and what is due of it."""

    start: datetime.date
    end: datetime.date
    charges: Sequence[Mapping[str, Any]]
    due: Sequence[Due]


async def meter(ctx: Context, id: UUID | None) -> Loaded:
    """Load the hours that count today; nothing for contracts without."""
    found = await hours_of(ctx, id)
    return None if found is None or not found.minutes_included else {"hours": found, "id": id}


async def hours_of(ctx: Context, id: UUID | None) -> HourBalance | None:
    """Return a contract's hours, None where it has none."""
    contract = await ctx.db.fetch_one(CONTRACT, id) if id is not None else None
    if contract is None:
        return None
    found = await balance(ctx, contract, ctx.today)
    return found if found.grants else None


async def items(ctx: Context, id: UUID | None) -> Loaded:
    """Load a contract's items with their revisions, the latest first."""
    if id is None:
        return None
    documents = ctx.service(Documents)
    contract = (await documents.one(CONTRACTS, id)).items[0]
    found = await documents.related(CONTRACTS, id, "items", {"page[size]": "100", "sort": "sort_order"})
    revisions: dict[UUID, list[Mapping[str, Any]]] = {}
    if ctx.principal.allows(REVISIONS_READ):
        rows = await ctx.db.fetch(
            "SELECT * FROM contracts.item_revision WHERE item = ANY($1::uuid[]) ORDER BY sequence DESC",
            [item.id for item in found.items],
        )
        for row in rows:
            revisions.setdefault(row["item"], []).append(row)
    writable = "create" in documents.describe(ITEMS).verbs
    return {"contract": contract, "items": found.items, "revisions": revisions, "writable": writable}


async def hours(ctx: Context, id: UUID | None) -> Loaded:
    """Load the hours in full: grants and the ledger's last entries."""
    found = await hours_of(ctx, id)
    if found is None:
        return None
    current = [grant for grant in found.grants if counts_on(grant, ctx.today)]
    past = [grant for grant in found.grants if not counts_on(grant, ctx.today)]
    entries = await ctx.db.fetch(LEDGER, id)
    return {"id": id, "hours": found, "current": current, "past": past, "entries": entries}


async def billing_periods(ctx: Context, id: UUID | None) -> Loaded:
    """Load the last year's periods with what was charged, and what the next one will bring."""
    contract = await ctx.db.fetch_one(CONTRACT, id) if id is not None else None
    if contract is None or id is None or contract["status"] == "draft":
        return None
    now = period_at(contract["anchor_date"], contract["billing_cycle"], ctx.today)
    through = period_at(
        contract["anchor_date"], contract["billing_cycle"], now.end + datetime.timedelta(days=1)
    ).end
    first = max(contract["start_date"], ctx.today - datetime.timedelta(days=365))
    charged = await ctx.db.fetch(CHARGED, id)
    coming = await due(ctx, [id], through, keep=False)
    last = through if contract["end_date"] is None else min(through, contract["end_date"])
    rows = [
        PeriodRow(
            span.start,
            span.end,
            [row for row in charged if span.start <= row["period_start"] <= span.end],
            [one for one in coming if span.start <= one.period_start <= span.end],
        )
        for span in periods(contract["anchor_date"], contract["billing_cycle"], first, max(first, last))
    ]
    return {"id": id, "contract": contract, "rows": rows[::-1], "today": ctx.today}


async def versions(ctx: Context, id: UUID | None) -> Loaded:
    """Load a contract's versions, the latest first."""
    if id is None:
        return None
    query = {"filter[contract]": str(id), "page[size]": "50"}
    return {"id": id, "versions": (await ctx.service(Documents).find("contract-versions", query)).items}


async def term(ctx: Context, id: UUID | None) -> Loaded:
    """Load the terms, until when notice can be given, and what is agreed for the next one."""
    contract = await ctx.db.fetch_one(CONTRACT, id) if id is not None else None
    if contract is None:
        return None
    rows = await ctx.db.fetch(
        "SELECT * FROM contracts.term WHERE contract = $1 ORDER BY number DESC LIMIT 8", id
    )
    deadline = None
    if contract["end_date"] is not None:
        deadline = contract["end_date"] - datetime.timedelta(days=contract["notice_days"])
    return {"id": id, "contract": contract, "terms": rows, "deadline": deadline, "today": ctx.today}


async def of_company(ctx: Context, id: UUID | None) -> Loaded:
    """Load a company's contracts with the hours that are left."""
    if id is None:
        return None
    rows = await ctx.db.fetch(OF_COMPANY, id, ["active", "draft"])
    return {"rows": rows, "left": await remaining(ctx, [row["id"] for row in rows]), "company": id}


async def remaining(ctx: Context, ids: Sequence[UUID]) -> dict[UUID, Mapping[str, Any]]:
    """Return granted and remaining minutes that count today, by contract."""
    return {row["contract"]: row for row in await ctx.db.fetch(LEFT, list(ids), ctx.today)}


async def ending(ctx: Context, _id: UUID | None) -> Loaded:
    """Load the contracts that end within ninety days."""
    rows = await ctx.db.fetch(ENDING, ctx.today, ctx.today + datetime.timedelta(days=90))
    companies = (
        await ctx.service(Documents).names("companies", [row["company"] for row in rows]) if rows else {}
    )
    return {"rows": rows, "companies": companies}


PANELS = (
    Panel(
        slot="contract.header",
        id="contracts.meter",
        title="Hours",
        template="contracts/meter.html",
        load=meter,
        permission=READ,
    ),
    Panel(
        slot="contract.main",
        id="contracts.items",
        title="Items",
        template="contracts/items.html",
        load=items,
        permission="contracts.contract_items.read",
        icon="list",
        order=10,
    ),
    Panel(
        slot="contract.tabs",
        id="contracts.hours",
        title="Hours",
        template="contracts/hours.html",
        load=hours,
        permission="contracts.hour_entries.read",
        icon="hourglass",
        order=10,
    ),
    Panel(
        slot="contract.tabs",
        id="contracts.periods",
        title="Periods",
        template="contracts/periods.html",
        load=billing_periods,
        permission=CHARGES_READ,
        icon="calendar-range",
        order=20,
    ),
    Panel(
        slot="contract.tabs",
        id="contracts.versions",
        title="Versions",
        template="contracts/versions.html",
        load=versions,
        permission="contracts.contract_versions.read",
        icon="history",
        order=30,
    ),
    Panel(
        slot="contract.side",
        id="contracts.term",
        title="Term",
        template="contracts/term.html",
        load=term,
        permission=READ,
        icon="calendar-clock",
        order=10,
    ),
    Panel(
        slot="company.side",
        id="contracts.company",
        title="Contracts",
        template="contracts/of_company.html",
        load=of_company,
        permission=READ,
        icon="file-signature",
        order=40,
    ),
)
WIDGETS = (
    Widget(
        id="contracts.ending",
        title="Contracts ending soon",
        template="contracts/ending.html",
        load=ending,
        permission=READ,
        icon="calendar-clock",
        size="2x1",
        order=60,
    ),
)
