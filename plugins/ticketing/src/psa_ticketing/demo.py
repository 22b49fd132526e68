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
from psa_ticketing import aids_demo
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
DESCRIPTION = "Reported by {name}. Please have a look."
ACTIVE = ("open", "open", "waiting_customer", "waiting_third_party", "scheduled")
TEMPLATES = (
    ("New employee", "New employee starts on …", "Name:\nFirst day:\nDepartment:\nHardware needed:", "Account", ["onboarding"]),
    ("Leaver", "Remove access of …", "Last day:\nForward mail to:\nHardware to collect:", "Account", ["offboarding"]),
    ("Server maintenance", "Monthly server maintenance", "- Updates\n- Backup test\n- Disk space", "Hardware", ["recurring"]),
)  # fmt: skip
CANNED = (
    ("Received", "Hi {{contact.first_name|there}},\n\nthank you, we have your request as {{ticket.number}}.\n\n{{me.name}}"),
    ("Need details", "Hi {{contact.first_name|there}},\n\ncould you send us a screenshot and tell us since when?\n\n{{me.name}}"),
    ("Solved?", "Hi {{contact.first_name|there}},\n\n{{ticket.number}} should be solved. Does it work for you?\n\n{{me.name}}"),
)  # fmt: skip


async def fill(ctx: Context) -> None:
    """Create a year of tickets and their notes in large batches."""
    dice = random.Random("ticketing")  # noqa: S311 - demonstration data must be the same everywhere
    lists = await _lists(ctx)
    await _texts(ctx, lists)
    people = await ctx.records.find("contacts", order="created_at", limit=10_000)
    people = [row for row in people if row["company"] is not None]
    staff = await ctx.service(Directory).holders("ticketing.tickets.assign")
    numbers = await ctx.db.fetch(
        "SELECT psa.next_number('tickets') AS number FROM generate_series(1, $1)", TICKET_COUNT
    )
    tickets: list[dict[str, Any]] = []
    notes: list[dict[str, Any]] = []
    for number, opened in zip(numbers, sorted(_moment(dice, ctx.now) for _ in numbers), strict=True):
        person = dice.choice(people)
        ticket = {**_ticket(dice, lists, person, staff, opened, ctx.now), "number": number["number"]}
        said = _notes(dice, ticket, person, staff, ctx.now)
        _follow(ticket, said)
        tickets.append(ticket)
        notes += said
    for start in range(0, len(tickets), 600):
        await ctx.records.create_many(TICKETS, tickets[start : start + 600], history=True)
    for start in range(0, len(notes), 1000):
        await ctx.records.create_many("comments", notes[start : start + 1000], history=True)
    await aids_demo.fill(ctx)


def _moment(dice: random.Random, now: datetime) -> datetime:
    """Return an instant of the past year, mostly in working hours."""
    moment = now - timedelta(minutes=dice.randint(10, 365 * 24 * 60))
    if dice.random() < 0.85:
        moment = moment.replace(hour=dice.randint(13, 22)) - timedelta(days=max(moment.weekday() - 4, 0))
    return min(moment, now - timedelta(minutes=dice.randint(10, 300)))


async def _texts(ctx: Context, lists: dict[str, Any]) -> None:
    """Create the ticket templates and canned responses."""
    templates = [
        {
            "name": name,
            "title": title,
            "description": text,
            "category": lists["category"][category],
            "tags": tags,
        }
        for name, title, text, category, tags in TEMPLATES
    ]
    await ctx.records.create_many("ticket-templates", templates)
    await ctx.records.create_many(
        "canned-responses", [{"name": name, "content": text, "language": "en"} for name, text in CANNED]
    )


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


def _fate(dice: random.Random, age: timedelta) -> str:
    """Return the category of a ticket of this age: old ones are closed, but for a few."""
    if age > timedelta(days=21):
        return "closed" if dice.random() < 0.985 else dice.choice(ACTIVE)
    if age > timedelta(days=5):
        return dice.choice(("closed",) * 12 + ACTIVE)
    if age > timedelta(hours=20):
        return dice.choice(("closed", "closed", "resolved", "resolved", "resolved", *ACTIVE))
    return dice.choice(("new", "new", "open", "resolved"))


def _ticket(
    dice: random.Random,
    lists: dict[str, Any],
    person: Any,
    staff: list[Account],
    opened: datetime,
    now: datetime,
) -> dict[str, Any]:
    title, category, subcategory = dice.choice(SUBJECTS)
    fate = _fate(dice, now - opened)
    first = min(opened + timedelta(minutes=dice.randint(3, 240)), now) if fate != "new" else None
    done = None
    if first is not None and fate in {"closed", "resolved"}:
        done = min(first + timedelta(hours=dice.randint(1, 90)), now)
    visit = (now + timedelta(days=dice.randint(1, 9))).replace(hour=15, minute=0, second=0, microsecond=0)
    text = DESCRIPTION.format(name=_name(person))
    assignee: UUID | None = dice.choice(staff).id if staff and fate != "new" else None
    return {
        "id": new_id(),
        "title": title.format(
            floor=dice.choice(("first", "second", "third")), day=dice.choice(("Monday", "Friday"))
        ),
        "description": text,
        "description_html": render(text),
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
        "first_response_at": first,
        "resolved_at": done,
        "first_resolved_at": done,
        "closed_at": done if fate == "closed" else None,
        "scheduled_start": visit if fate == "scheduled" else None,
        "scheduled_end": visit + timedelta(hours=1) if fate == "scheduled" else None,
        "awaiting": "customer" if fate == "waiting_customer" else "us",
        "estimated_hours": Decimal(dice.choice(("0.50", "1.00", "2.00"))),
        "tags": dice.sample(["onsite", "remote", "recurring", "vip"], k=dice.choice((0, 0, 0, 1, 2))),
    }


def _name(person: Any) -> str:
    return f"{person['first_name']} {person['last_name']}".strip()


def _notes(
    dice: random.Random, ticket: dict[str, Any], person: Any, staff: list[Account], now: datetime
) -> list[dict[str, Any]]:
    """Return a ticket's conversation: staff answers first, the client replies, staff notes for itself."""
    notes: list[dict[str, Any]] = []
    moment, last = ticket["first_response_at"], ticket["resolved_at"] or now
    for turn in range(dice.choice((1, 1, 2, 3, 4)) if staff and moment else 0):
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
                "author_name": agent.name if author == "staff" else _name(person),
                "is_automated": False,
                "created_at": moment,
                "updated_at": moment,
            }
        )
        moment = min(moment + timedelta(minutes=dice.randint(5, 300)), last)
    return notes


def _follow(ticket: dict[str, Any], notes: list[dict[str, Any]]) -> None:
    """Let a ticket's activity agree with its conversation."""
    said = {
        kind: [note["created_at"] for note in notes if note["author_kind"] == kind]
        for kind in ("portal", "staff")
    }
    ticket["last_customer_activity_at"] = max(said["portal"], default=ticket["created_at"])
    ticket["last_staff_activity_at"] = max(said["staff"], default=None)
    moments = (ticket["created_at"], ticket["resolved_at"], *said["portal"], *said["staff"])
    ticket["updated_at"] = max(moment for moment in moments if moment is not None)
