"""Demonstration data: the rules and recurring tickets of a service desk."""

from typing import Any

from psa_automation.api import RULES
from psa_sdk import Context


async def fill(ctx: Context) -> None:
    """Make the rules that every service desk begins with, one recurring ticket and one gate."""
    present = {row["name"] for row in await ctx.records.find(RULES)}
    priorities = {row["name"]: str(row["id"]) for row in await ctx.records.find("ticket-priorities")}
    statuses = {row["category"]: str(row["id"]) for row in await ctx.records.find("ticket-statuses")}
    for number, rule in enumerate(_rules(priorities, statuses), 1):
        if rule["name"] not in present:
            await ctx.records.create(RULES, {"resource": "tickets", "priority": number * 10, **rule})
    if not await ctx.records.find("recurring-tickets", limit=1):
        await ctx.records.create(
            "recurring-tickets",
            {
                "name": "Monthly restore test",
                "title": "Test restoring a backup",
                "description": "Restore one file of each client and note the result.",
                "recurrence": "FREQ=MONTHLY;BYDAY=1MO",
                "starts_on": ctx.today,
                "at": "08:00",
                "tags": ["maintenance"],
            },
        )
    if not await ctx.records.find("close-gates", limit=1):
        await ctx.records.create(
            "close-gates",
            {"name": "Every ticket has a category", "required_fields": ["category"], "is_active": False},
        )


def _rules(priorities: dict[str, str], statuses: dict[str, str]) -> list[dict[str, Any]]:
    rules: list[dict[str, Any]] = [
        {
            "name": "Outages are critical",
            "description": "What sounds like an outage is looked at first.",
            "trigger_type": "created",
            "conditions": {
                "any": [
                    {"field": "title", "operator": "matches", "value": r"\b(outage|down|offline)\b"},
                    {"field": "tags", "operator": "has", "value": "outage"},
                ]
            },
            "actions": [
                {"action": "set", "values": {"priority": priorities.get("Critical")}},
                {"action": "add_tags", "tags": ["outage"]},
            ],
        },
        {
            "name": "Nobody waits for three days",
            "description": "A ticket that waits for the client is asked about again.",
            "trigger_type": "elapsed",
            "trigger_options": {"since": "no_reply", "after_minutes": 4320, "calendar": "business"},
            "conditions": {"field": "status.category", "operator": "is", "value": "waiting_customer"},
            "actions": [
                {
                    "action": "add_note",
                    "content": "No word from {{contact.first_name|the client}} for three days: call them.",
                    "note_type": "internal",
                }
            ],
        },
        {
            "name": "Tell the assignee when the client answers",
            "trigger_type": "note_added",
            "conditions": {"field": "note.by", "operator": "is", "value": "customer"},
            "actions": [
                {"action": "notify", "people": ["assigned_to"], "text": "{{title}}: the client answered."}
            ],
        },
        {
            "name": "Hand over to a third party",
            "description": "For the button on a ticket.",
            "trigger_type": "manual",
            "actions": [
                {"action": "set", "values": {"status": statuses.get("waiting_third_party")}},
                {"action": "add_note", "content": "Handed to the manufacturer.", "note_type": "internal"},
            ],
        },
    ]
    return [rule for rule in rules if None not in rule["actions"][0].get("values", {}).values()]
