"""Demonstration data: steps of templates and tickets, and what clients said about closed ones."""

import random
from datetime import datetime, timedelta
from typing import Any

from psa_sdk import Context
from psa_ticketing.checklists import ITEMS
from psa_ticketing.surveys import SURVEYS

STEPS = {
    "New employee": ("Order the hardware", "Make the accounts", "Set up e-mail", "First day: say hello"),
    "Leaver": ("Disable the accounts", "Forward e-mail", "Collect the hardware"),
    "Server maintenance": ("Check the backup", "Install updates", "Restart", "Look at the logs"),
}
WORDS = (
    "Quick and friendly.",
    "Solved within the hour, thank you!",
    "I had to explain it twice.",
    "It took rather long.",
    "",
    "",
    "",
)
CLOSED = """
SELECT t.id, t.company, t.contact, t.assigned_to, t.queue, t.closed_at FROM ticketing.ticket t
WHERE t.closed_at > $1 AND t.contact IS NOT NULL ORDER BY t.number"""
OPEN = """
SELECT t.id FROM ticketing.ticket t JOIN ticketing.status s ON s.id = t.status
WHERE s.category IN ('open', 'scheduled') ORDER BY t.number DESC LIMIT 24"""


async def fill(ctx: Context) -> None:
    """Give templates and some open tickets their steps, and a third of the last closed tickets an answer."""
    dice = random.Random("ticketing.aids")  # noqa: S311 - demonstration data must be the same everywhere
    steps: list[dict[str, Any]] = []
    for template in await ctx.records.find("ticket-templates"):
        titles = STEPS.get(template["name"], ())
        steps += [
            {"template": template["id"], "title": title, "sort_order": order}
            for order, title in enumerate(titles)
        ]
    await ctx.records.create_many("ticket-template-items", steps, history=True)
    items: list[dict[str, Any]] = []
    for row in await ctx.db.fetch(OPEN):
        titles = dice.choice(tuple(STEPS.values()))
        done = dice.randint(0, len(titles) - 1)
        items += [
            {
                "ticket": row["id"],
                "title": title,
                "sort_order": order,
                "is_done": order < done,
                "done_at": ctx.now if order < done else None,
            }
            for order, title in enumerate(titles)
        ]
    await ctx.records.create_many(ITEMS, items, history=True)
    surveys = [
        _survey(dice, row, ctx.now) for row in await ctx.db.fetch(CLOSED, ctx.now - timedelta(days=120))
    ]
    await ctx.records.create_many(SURVEYS, surveys, history=True)


def _survey(dice: random.Random, row: Any, now: datetime) -> dict[str, Any]:
    rating = dice.choices((None, 1, 2, 3, 4, 5), weights=(60, 1, 2, 5, 12, 20))[0]
    return {
        "ticket": row["id"],
        "closing": 0,
        "company": row["company"],
        "contact": row["contact"],
        "assigned_to": row["assigned_to"],
        "queue": row["queue"],
        "created_at": row["closed_at"],
        "expires_at": row["closed_at"] + timedelta(days=14),
        "rating": rating,
        "comment": dice.choice(WORDS) if rating else "",
        "rated_at": min(row["closed_at"] + timedelta(hours=3), now) if rating else None,
        "rated_through": "link" if rating else None,
        "changes": 1 if rating else 0,
    }
