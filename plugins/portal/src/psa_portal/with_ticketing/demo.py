"""Demonstration data: kinds of requests with their questions, and open requests of the client who can log in."""

from typing import Any, Final

from psa_portal.with_ticketing.resources import FIELDS, TYPES
from psa_sdk import Context
from psa_sdk.identity import Directory
from psa_ticketing.api import TICKETS

CLIENT: Final = "client@example.com"
_TYPES: Final = (
    ("Something is broken", "A device, a program or the network fails", "life-buoy", "Incident", "High", (
        ("since", "Since when?", "text", {}),
        ("affected", "Who is affected?", "choice", {"options": ["Only me", "My team", "Everybody"], "required": True}),
        ("picture", "A screenshot or photo", "file", {}),
    )),
    ("New employee", "An account, a mailbox and a device for a colleague", "user-plus", "Service request", "Medium", (
        ("name", "Name of the colleague", "text", {"required": True}),
        ("first_day", "First day", "date", {"required": True}),
        ("hardware", "Device", "choice", {"options": ["None", "Laptop", "Desktop"], "required": True}),
        ("bag", "Bag or docking station?", "text", {"required_if": "hardware=Laptop"}),
        ("remote", "Works from home", "boolean", {}),
    )),
    ("Somebody leaves", "Accounts to close, mail to forward", "user-minus", "Service request", "Medium", (
        ("name", "Name of the colleague", "text", {"required": True}),
        ("last_day", "Last day", "date", {"required": True}),
        ("forward", "Mail goes to", "text", {}),
    )),
    ("Order something", "Hardware, software, licences", "shopping-cart", "Service request", "Low", (
        ("what", "What do you need?", "long_text", {"required": True}),
        ("count", "How many?", "number", {"required": True}),
        ("offer", "An offer, if you have one", "file", {}),
    )),
)  # fmt: skip
_OPEN: Final = (
    ("VPN drops every 20 minutes since the firewall update", "open"),
    ("Shared drive S: is missing after a reboot", "new"),
    ("Please renew the certificate of our web shop", "waiting_customer"),
    ("Second screen for the reception", "scheduled"),
)


async def fill(ctx: Context) -> None:
    """Make request types with their questions, and a few open requests."""
    types = {row["name"]: row["id"] for row in await ctx.records.find("ticket-types")}
    priorities = {row["name"]: row["id"] for row in await ctx.records.find("ticket-priorities")}
    for order, (name, description, icon, kind, priority, asked) in enumerate(_TYPES):
        made = await ctx.records.create(
            TYPES,
            {
                "name": name,
                "description": description,
                "icon": icon,
                "sort_order": order,
                "ticket_type": types.get(kind),
                "priority": priorities.get(priority),
            },
        )
        await ctx.records.create_many(
            FIELDS,
            [
                {"request_type": made, "key": key, "label": label, "kind": of, "sort_order": at, **more}
                for at, (key, label, of, more) in enumerate(asked)
            ],
        )
    await _requests(ctx)


async def _requests(ctx: Context) -> None:
    people: list[Any] = await ctx.records.find("contacts", limit=10_000)
    person = next((row for row in people if row["email"] == CLIENT), None)
    if person is None:
        return
    staff = await ctx.service(Directory).holders("ticketing.tickets.assign")
    by = {"author_kind": "staff", "author": staff[0].id, "author_name": staff[0].name} if staff else {}
    statuses = {row["category"]: row["id"] for row in await ctx.records.find("ticket-statuses")}
    for title, category in _OPEN:
        values = {"title": title, "company": person["company"], "contact": person["id"], "source": "portal"}
        ticket = await ctx.records.create(TICKETS, {**values, "status": statuses[category]})
        said = {"subject_kind": TICKETS, "subject_id": ticket, "note_type": "public", **by}
        await ctx.records.create("comments", {**said, "content": "Thank you, we are looking into it."})
