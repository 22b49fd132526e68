"""Demonstration data: a year of tickets with their conversations, always the same."""

import random
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from psa_comments.api import render
from psa_sdk import Context
from psa_sdk.identity import Account, Directory
from psa_sdk.tables import new_id
from psa_ticketing.api import TICKETS

TICKET_COUNT = 3600
SUBJECTS = (
    ("Printer on {floor} floor prints blank pages", "Hardware", "Printer"),
    ("New starter needs an account by {day}", "Account", "New user"),
    ("VPN drops every few minutes", "Network", "VPN"),
    ("Suspicious mail about an unpaid parcel", "Security", "Phishing"),
    ("Laptop does not wake from sleep", "Hardware", "Workstation"),
    ("Shared calendar shows the wrong time zone", "Software", "Office suite"),
    ("Wi-Fi is slow in the {floor} floor meeting room", "Network", "Wi-Fi"),
    ("Password expired while travelling", "Account", "Password"),
    ("Nightly backup reported a warning", "Security", "Backup"),
    ("Please remove the accounts of a leaver", "Account", "Leaver"),
    ("Accounting software freezes when exporting", "Software", "Line of business"),
    ("Disk of the file server is almost full", "Hardware", "Server"),
)
ANSWERS = (
    "Thank you for the report, we are looking into it.",
    "Could you tell us when it happened first?",
    "We restarted the service and are watching it now.",
    "A replacement part has been ordered.",
)
REPLIES = (
    "It still happens.",
    "Since this morning, for all of us.",
    "That fixed it, thank you!",
    "See the screenshot.",
)
INTERNAL = (
    "Checked the event log: nothing unusual.",
    "Same fault as last month, see the runbook.",
    "Spoke to the vendor.",
)
DESCRIPTION = "Reported by the client. Please have a look."
FATES = (
    ("closed",) * 14
    + ("resolved",) * 2
    + ("open", "waiting_customer", "waiting_third_party", "scheduled", "new")
)


async def fill(ctx: Context) -> None:
    """Create a year of tickets and their notes in large batches."""
    dice = random.Random("ticketing")  # noqa: S311 - demonstration data must be the same everywhere
    lists = await _lists(ctx)
    people = await ctx.records.find("contacts", order="created_at", limit=10_000)
    people = [row for row in people if row["company"] is not None]
    staff = await ctx.service(Directory).holders("ticketing.tickets.assign")
    numbers = await ctx.db.fetch(
        "SELECT psa.next_number('tickets') AS number FROM generate_series(1, $1)", TICKET_COUNT
    )
    tickets: list[dict[str, Any]] = []
    notes: list[dict[str, Any]] = []
    for number in range(TICKET_COUNT):
        opened = ctx.now - timedelta(minutes=dice.randint(0, 6) + (TICKET_COUNT - number) * 145)
        ticket = _ticket(dice, lists, dice.choice(people), staff, opened, ctx.now)
        ticket["number"] = numbers[number]["number"]
        tickets.append(ticket)
        notes += _notes(dice, ticket, staff, ctx.now)
    for start in range(0, len(tickets), 600):
        await ctx.records.create_many(TICKETS, tickets[start : start + 600], history=True)
    for start in range(0, len(notes), 1000):
        await ctx.records.create_many("comments", notes[start : start + 1000], history=True)


async def _lists(ctx: Context) -> dict[str, Any]:
    categories = await ctx.records.find("ticket-categories")
    return {
        "status": {row["category"]: row["id"] for row in await ctx.records.find("ticket-statuses")},
        "priority": [row["id"] for row in await ctx.records.find("ticket-priorities", order="sort_order")],
        "type": [row["id"] for row in await ctx.records.find("ticket-types", order="sort_order")],
        "queue": [row["id"] for row in await ctx.records.find("ticket-queues", order="sort_order")],
        "category": {row["name"]: row["id"] for row in categories if row["parent"] is None},
        "subcategory": {row["name"]: row["id"] for row in categories if row["parent"] is not None},
    }


def _ticket(
    dice: random.Random,
    lists: dict[str, Any],
    person: Any,
    staff: list[Account],
    opened: datetime,
    now: datetime,
) -> dict[str, Any]:
    title, category, subcategory = dice.choice(SUBJECTS)
    age = now - opened
    fate = dice.choice(FATES) if age > timedelta(days=5) else dice.choice(FATES[13:])
    done = min(opened + timedelta(hours=dice.randint(1, 90)), now) if fate in {"closed", "resolved"} else None
    first = min(opened + timedelta(minutes=dice.randint(3, 240)), now) if fate != "new" else None
    assignee: UUID | None = dice.choice(staff).id if staff and fate != "new" else None
    return {
        "id": new_id(),
        "title": title.format(
            floor=dice.choice(("first", "second", "third")), day=dice.choice(("Monday", "Friday"))
        ),
        "description": DESCRIPTION,
        "description_html": render(DESCRIPTION),
        "status": lists["status"][fate],
        "priority": dice.choices(lists["priority"], weights=(1, 4, 10, 5))[0],
        "ticket_type": dice.choice(lists["type"][:2]),
        "category": lists["category"][category],
        "subcategory": lists["subcategory"][subcategory],
        "queue": lists["queue"][0] if fate != "new" else dice.choice(lists["queue"][:2]),
        "source": dice.choice(("email", "email", "portal", "phone", "rmm")),
        "company": person["company"],
        "contact": person["id"],
        "assigned_to": assignee,
        "created_at": opened,
        "updated_at": done or first or opened,
        "first_response_at": first,
        "resolved_at": done,
        "first_resolved_at": done,
        "closed_at": done if fate == "closed" else None,
        "last_customer_activity_at": opened,
        "last_staff_activity_at": first,
        "awaiting": "customer" if fate == "waiting_customer" else "us",
        "estimated_hours": Decimal(dice.choice(("0.50", "1.00", "2.00"))),
        "tags": dice.sample(["onsite", "remote", "recurring", "vip"], k=dice.choice((0, 0, 0, 1, 2))),
    }


def _notes(
    dice: random.Random, ticket: dict[str, Any], staff: list[Account], now: datetime
) -> list[dict[str, Any]]:
    notes: list[dict[str, Any]] = []
    moment = ticket["first_response_at"] or ticket["created_at"]
    for turn in range(dice.choice((0, 1, 1, 2, 3, 4)) if staff else 0):
        moment = min(moment + timedelta(minutes=dice.randint(5, 300)), now)
        agent = dice.choice(staff)
        kind, author, text = (
            ("public", "portal", dice.choice(REPLIES))
            if turn % 3 == 1
            else ("internal", "staff", dice.choice(INTERNAL))
            if turn % 3 == 2
            else ("public", "staff", dice.choice(ANSWERS))
        )
        notes.append(
            {
                "subject_kind": TICKETS,
                "subject_id": ticket["id"],
                "note_type": kind,
                "content": text,
                "content_html": render(text),
                "company": ticket["company"],
                "author": agent.id if author == "staff" else None,
                "author_kind": author,
                "author_name": agent.name if author == "staff" else "Client",
                "is_automated": False,
                "created_at": moment,
                "updated_at": moment,
            }
        )
    return notes
