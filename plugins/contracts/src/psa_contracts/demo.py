"""Demonstration data: what each client agreed to over the past year and longer, always the same."""

import datetime
import random
from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from psa_contracts.charges import due
from psa_contracts.periods import DAY, MONTHS, add_months, period_at
from psa_contracts.renewal import terms_until, uplifted
from psa_sdk import Context
from psa_sdk.identity import Directory
from psa_sdk.tables import new_id

UPLIFT = Decimal(3)
RATES = (
    ("Remote support", 120, 180),
    ("On-site support", 150, 225),
    ("Emergency", 180, 270),
    ("Project work", 140, 140),
)
CURRENCY = "SELECT currency FROM psa.tenant WHERE id = psa.current_tenant()"
Rows = dict[str, list[dict[str, Any]]]


async def fill(ctx: Context) -> None:
    """Create rate cards and each client's contracts, in large batches."""
    dice = random.Random("contracts")  # noqa: S311 - demonstration data must be the same everywhere
    card = await _rate_card(ctx)
    currency: str = await ctx.db.fetch_value(CURRENCY)
    staff = await ctx.service(Directory).holders("contracts.contracts.decide")
    author = staff[0] if staff else None
    rows: Rows = {
        name: [] for name in ("contracts", "contract-items", "contract-item-revisions", "contract-terms")
    }
    companies = await ctx.records.find("companies", order="created_at", limit=1000)
    for place, company in enumerate(companies):
        if company["company_type"] == "client" and company["status"] == "active":
            made = _agreements(ctx, dice, company, place, card, currency)
            for name, found in made.items():
                rows[name] += found
    numbers = await ctx.db.fetch(
        "SELECT psa.next_number('contracts') AS n FROM generate_series(1, $1)", len(rows["contracts"])
    )
    for contract, number in zip(rows["contracts"], numbers, strict=True):
        contract["number"] = number["n"]
    for name, found in rows.items():
        for start in range(0, len(found), 500):
            await ctx.records.create_many(name, found[start : start + 500], history=True)
    await ctx.records.create_many(
        "contract-versions",
        [
            {
                "contract": contract["id"],
                "number": 1,
                "cause": "activated",
                "changed": {"status": ["draft", "active"]},
                "snapshot": {"contract": {"name": contract["name"]}, "items": []},
                "author_id": author.id if author else ctx.principal.id,
                "author_name": author.name if author else ctx.principal.label,
                "created_at": contract["created_at"],
            }
            for contract in rows["contracts"]
        ],
        history=True,
    )
    await _charged_before(ctx, [contract["id"] for contract in rows["contracts"]])


async def _rate_card(ctx: Context) -> UUID:
    """Make the usual rates, a year ago and this year."""
    types = {}
    if await ctx.db.fetch_value("SELECT to_regclass('time.work_type') IS NOT NULL"):
        types = {row["name"]: row["id"] for row in await ctx.records.find("work-types")}
    card = await ctx.records.create("rate-cards", {"name": "Standard rates", "is_default": True})
    for years, factor in ((2, Decimal("0.95")), (0, Decimal(1))):
        starts = ctx.today.replace(month=1, day=1, year=ctx.today.year - years)
        version = await ctx.records.create("rate-card-versions", {"rate_card": card, "starts_on": starts})
        rates = [{"version_of_card": version, "hourly_rate": 130 * factor}]
        rates += [
            {
                "version_of_card": version,
                "work_type": types[name],
                "hourly_rate": rate * factor,
                "after_hours_rate": late * factor,
            }
            for name, rate, late in RATES
            if name in types
        ]
        await ctx.records.create_many("rate-card-items", rates, history=True)
    return card


def _agreements(
    ctx: Context, dice: random.Random, company: Mapping[str, Any], place: int, card: UUID, currency: str
) -> Rows:
    """Return one or two contracts of a client, with all that belongs to them."""
    first = add_months(ctx.today.replace(day=1), -dice.choice((1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 14, 17)))
    kinds = ("managed_services", "managed_services", "block_hours", "time_and_materials")
    rows = _contract(ctx, dice, company, kinds[place % len(kinds)], first, card, currency, is_default=True)
    if place % 6 == 0:
        kind = ("fixed_price", "warranty")[place % 12 == 0]
        later = add_months(ctx.today.replace(day=1), -dice.randint(1, 8))
        more = _contract(ctx, dice, company, kind, later, card, currency, is_default=False)
        rows = {name: rows[name] + more[name] for name in rows}
    return rows


NAMES = {
    "managed_services": "Managed services",
    "block_hours": "Support hours",
    "time_and_materials": "Support by the hour",
    "fixed_price": "Office move",
    "warranty": "Hardware warranty",
}


def _contract(
    ctx: Context,
    dice: random.Random,
    company: Mapping[str, Any],
    kind: str,
    first: datetime.date,
    card: UUID,
    currency: str,
    *,
    is_default: bool,
) -> Rows:
    renews = kind in {"managed_services", "block_hours"}
    end = add_months(first, 12) - DAY
    terms = [(first, end)]
    if renews:
        terms += [(term.start, term.end) for term in terms_until(first, end, 12, ctx.today)]
    elif kind != "fixed_price" and end < ctx.today:
        terms = [(first, add_months(first, 36) - DAY)]
    written = datetime.datetime.combine(first - DAY * 5, datetime.time(10), tzinfo=datetime.UTC)
    contract: dict[str, Any] = {
        "id": new_id(),
        "name": NAMES[kind],
        "company": company["id"],
        "contract_type": kind,
        "status": "active",
        "start_date": first,
        "end_date": terms[-1][1],
        "anchor_date": first,
        "currency": currency,
        "auto_renew": renews and dice.randint(1, 5) < 5,
        "uplift_percent": UPLIFT if renews else Decimal(0),
        "labour": {"block_hours": "hours", "time_and_materials": "billed"}.get(kind, "included"),
        "billing_timing": "arrears" if kind == "time_and_materials" else "advance",
        "is_default": is_default,
        "rate_card": card,
        "signed_date": first - DAY * 3,
        "terms": "Service within business hours. Notice in writing.",
        "created_at": written,
        "updated_at": written,
    }
    items = [{**item, "contract": contract["id"]} for item in _items(ctx, dice, kind, first)]
    changes = [change for item in items for change in _revisions(dice, item, terms, currency, ctx.today)]
    now = {change["item"]: change for change in changes}
    for item in items:
        latest = now[item["id"]]
        item |= {name: latest[name] for name in ("quantity", "unit_price", "effective_on")}
        item["created_at"] = item["updated_at"] = written
    recurring = [item for item in items if item["item_type"] in {"recurring_service", "retainer"}]
    months = MONTHS["monthly"]
    contract["billing_amount"] = sum(
        (i["quantity"] * i["unit_price"] * months for i in recurring), Decimal(0)
    )
    return {
        "contracts": [contract],
        "contract-items": items,
        "contract-item-revisions": changes,
        "contract-terms": [
            {
                "contract": contract["id"],
                "number": number,
                "starts_on": start,
                "ends_on": last,
                "origin": "first" if number == 1 else "automatic",
                "uplift_percent": Decimal(0) if number == 1 else UPLIFT,
            }
            for number, (start, last) in enumerate(terms, 1)
        ],
    }


def _items(ctx: Context, dice: random.Random, kind: str, first: datetime.date) -> list[dict[str, Any]]:
    seats = dice.randint(4, 40)
    offered: dict[str, list[dict[str, Any]]] = {
        "managed_services": [
            {"name": "Managed workstations", "quantity": seats, "unit_price": dice.choice((39, 45, 49))},
            {
                "name": "Managed servers",
                "quantity": dice.randint(1, 4),
                "unit_price": dice.choice((110, 130)),
            },
            {"name": "Backup", "quantity": 1, "unit_price": dice.choice((90, 140, 220))},
        ],
        "block_hours": [
            {
                "name": "Monthly hours",
                "item_type": "retainer",
                "quantity": 1,
                "unit_price": dice.choice((960, 1150)),
                "included_minutes": dice.choice((240, 480, 600)),
                "rollover_minutes": 300,
                "overage_rate": Decimal(150),
            },
            {
                "name": "Block of ten hours",
                "item_type": "block_hours",
                "quantity": 1,
                "unit_price": 1300,
                "included_minutes": 600,
                "valid_months": 24,
                "overage_rate": Decimal(150),
            },
        ],
        "time_and_materials": [{"name": "Readiness", "quantity": 1, "unit_price": 60}],
        "fixed_price": [
            {"name": "Plan", "item_type": "milestone", "unit_price": 2400, "completed_on": first + DAY * 20},
            {"name": "Move", "item_type": "milestone", "unit_price": 5600},
        ],
        "warranty": [{"name": "Care for devices", "quantity": dice.randint(2, 9), "unit_price": 12}],
    }
    return [
        {"id": new_id(), "item_type": "recurring_service", "starts_on": first, "sort_order": place, **item}
        for place, item in enumerate(offered[kind])
    ]


def _revisions(
    dice: random.Random,
    item: dict[str, Any],
    terms: list[tuple[datetime.date, datetime.date]],
    currency: str,
    today: datetime.date,
) -> list[dict[str, Any]]:
    """Return what was agreed, a change of seats on the way, and the uplift of each renewal."""
    quantity, price = Decimal(item.get("quantity", 1)), Decimal(item["unit_price"])
    steps = [(terms[0][0], quantity, price, "agreed")]
    if item["name"] == "Managed workstations":
        changed = add_months(terms[0][0], dice.randint(1, 9)) + DAY * dice.randint(3, 20)
        if changed < min(today, terms[0][1]):
            quantity += dice.choice((-2, 1, 2, 3, 5))
            steps.append((changed, quantity, price, "changed"))
    if item["item_type"] in {"recurring_service", "retainer"}:
        for start, _ in terms[1:]:
            price = uplifted(price, UPLIFT, currency)
            steps.append((start, quantity, price, "uplift"))
    return [
        {
            "item": item["id"],
            "sequence": number,
            "effective_on": day,
            "quantity": amount,
            "unit_price": at,
            "included_minutes": item.get("included_minutes", 0),
            "overage_rate": item.get("overage_rate"),
            "cause": cause,
        }
        for number, (day, amount, at, cause) in enumerate(steps, 1)
    ]


async def _charged_before(ctx: Context, contracts: list[UUID]) -> None:
    """Note that earlier months were charged by what was used before."""
    month = period_at(ctx.today.replace(day=1), "monthly", ctx.today)
    found = await due(ctx, contracts, month.start - DAY)
    rows = [
        {
            "contract": one.contract_id,
            "item": one.item_id,
            "sequence": one.sequence,
            "period_start": one.period_start,
            "period_end": one.last,
            "quantity": one.quantity,
            "unit_price": one.unit_price,
            "amount": one.amount,
            "currency": one.currency,
            "created_at": datetime.datetime.combine(one.first, datetime.time(6), tzinfo=datetime.UTC),
        }
        for one in found
    ]
    for start in range(0, len(rows), 1000):
        await ctx.records.create_many("contract-charges", rows[start : start + 1000], history=True)
