"""The lists every tenant's service desk starts with, and the defaults taken from them."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from psa_contacts.api import REQUESTER, Requester
from psa_sdk import Context, Question
from psa_sdk.errors import Conflict

STATUSES = (
    ("New", "blue", "new"),
    ("Open", "indigo", "open"),
    ("Waiting for customer", "amber", "waiting_customer"),
    ("Waiting for third party", "orange", "waiting_third_party"),
    ("Scheduled", "cyan", "scheduled"),
    ("Resolved", "green", "resolved"),
    ("Closed", "slate", "closed"),
    ("Merged", "slate", "merged"),
    ("Spam", "slate", "spam"),
)
PRIORITIES = (
    ("Critical", "red", "0.25"),
    ("High", "orange", "0.5"),
    ("Medium", "amber", "1"),
    ("Low", "slate", "2"),
)
TYPES = ("Incident", "Service request", "Problem", "Change", "Task")
CATEGORIES = {
    "Hardware": ("Workstation", "Server", "Printer", "Mobile device"),
    "Software": ("Office suite", "Line of business", "Operating system"),
    "Network": ("Internet", "Wi-Fi", "VPN", "Firewall"),
    "Account": ("New user", "Leaver", "Password", "Permissions"),
    "Security": ("Phishing", "Malware", "Backup"),
}
QUEUES = ("Service desk", "Triage", "Projects")


async def seed(ctx: Context) -> None:
    """Give a new tenant its lists; what exists by name is left as it is."""
    await _missing(
        ctx,
        "ticket-statuses",
        [
            {"name": name, "color": color, "category": category, "is_default": True, "sort_order": order}
            for order, (name, color, category) in enumerate(STATUSES)
        ],
    )
    await _missing(
        ctx,
        "ticket-priorities",
        [
            {
                "name": name,
                "color": color,
                "sla_multiplier": Decimal(factor),
                "is_default": name == "Medium",
                "sort_order": order,
            }
            for order, (name, color, factor) in enumerate(PRIORITIES)
        ],
    )
    await _missing(
        ctx,
        "ticket-types",
        [{"name": name, "is_default": order == 0, "sort_order": order} for order, name in enumerate(TYPES)],
    )
    await _missing(
        ctx,
        "ticket-queues",
        [{"name": name, "is_default": order == 0, "sort_order": order} for order, name in enumerate(QUEUES)],
    )
    if await ctx.records.count("ticket-categories") == 0:
        names = list(CATEGORIES)
        ids = await ctx.records.create_many(
            "ticket-categories", [{"name": name, "sort_order": order} for order, name in enumerate(names)]
        )
        children = [
            {"name": child, "parent": parent, "sort_order": order}
            for parent, name in zip(ids, names, strict=True)
            for order, child in enumerate(CATEGORIES[name])
        ]
        await ctx.records.create_many("ticket-categories", children)


async def _missing(ctx: Context, resource: str, rows: list[dict[str, Any]]) -> None:
    present = await ctx.records.find(resource)
    names = {row["name"].lower() for row in present}
    if not present:
        await ctx.records.create_many(resource, rows)
        return
    for row in rows:
        if row["name"].lower() not in names and resource == "ticket-statuses":
            taken = any(other["category"] == row["category"] and other["is_default"] for other in present)
            await ctx.records.create(resource, {**row, "is_default": not taken})


START = f"""
SELECT r.*, s.id AS status, s.category, p.priority, p.ticket_type, p.queue, p.number
FROM (SELECT coalesce($4, (SELECT id FROM ticketing.status WHERE category = 'new' AND is_default)) AS status,
    coalesce($5, (SELECT id FROM ticketing.priority WHERE is_default)) AS priority,
    coalesce($6, (SELECT id FROM ticketing.ticket_type WHERE is_default)) AS ticket_type,
    coalesce($7, (SELECT id FROM ticketing.queue WHERE is_default)) AS queue,
    psa.next_number('tickets') AS number) p
LEFT JOIN ticketing.status s ON s.id = p.status
CROSS JOIN ({REQUESTER}) r"""

PEOPLE = ("contact", "company", "site")
CHOSEN = ("status", "priority", "ticket_type", "queue")


class Start(Requester, frozen=True, kw_only=True):
    """What a new ticket starts with beside its own values: its requester's facts, defaults, its number."""

    status: UUID | None
    category: str | None
    priority: UUID | None
    ticket_type: UUID | None
    queue: UUID | None
    number: int


def of_client(ctx: Context, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a new ticket holds because a client makes it."""
    if ctx.principal.audience != "portal":
        return {}
    who = ctx.principal.who
    return {"source": "portal", "company": who.company_id, "contact": values.get("contact", who.contact_id)}


def _asked(ctx: Context, values: Mapping[str, Any]) -> list[object]:
    given = {**values, **of_client(ctx, values)}
    return [given.get(column) for column in (*PEOPLE, *CHOSEN)]


start = Question(sql=START, arguments=_asked, answer=Start)


def fill_in(values: dict[str, Any], start: Start) -> None:
    """Fill in status, priority, type and queue where they are missing."""
    for column in CHOSEN:
        found = getattr(start, column)
        if found is None:
            raise Conflict(
                f"The service desk has no default {column.replace('_', ' ')}; mark one as default.",
                code="no_default",
            )
        values[column] = found


async def status_of(ctx: Context, category: str) -> UUID:
    """Return the default status of a category."""
    found = await ctx.db.fetch_value(
        "SELECT id FROM ticketing.status WHERE category = $1 AND is_default", category
    )
    if found is None:
        raise Conflict(
            f"There is no default status of the category {category}; mark one as default.",
            code="no_default_status",
        )
    return found


async def category_of(ctx: Context, status: UUID) -> str:
    """Return a status's category."""
    return await ctx.db.fetch_value("SELECT category FROM ticketing.status WHERE id = $1", status)
