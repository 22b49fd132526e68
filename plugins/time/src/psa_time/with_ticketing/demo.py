"""Demonstration data: the time that the year's tickets took."""

import random
from datetime import timedelta
from typing import Any

from psa_sdk import Context
from psa_sdk.identity import Directory
from psa_ticketing.api import TICKETS
from psa_time.demo import approver_of, currency_of, entry, store
from psa_time.timer_routes import RUN

NOTES = (
    "Called the user and looked at it together.",
    "Restarted the service and watched it.",
    "Replaced the part and tested.",
    "Wrote down the steps for next time.",
)


async def fill(ctx: Context) -> None:
    """Log one or two stretches of work on the tickets that somebody had in hand."""
    dice = random.Random("time.ticketing")  # noqa: S311 - demonstration data must be the same everywhere
    staff = {person.id: person for person in await ctx.service(Directory).holders(RUN)}
    types = {row["name"]: row["id"] for row in await ctx.records.find("work-types")}
    kinds = [types[name] for name in ("Remote support", "On-site support") if name in types]
    if not staff or not kinds:
        return
    people = list(staff.values())
    currency = await currency_of(ctx)
    rows: list[dict[str, Any]] = []
    for ticket in await ctx.records.find(TICKETS, order="created_at", limit=10_000):
        person = staff.get(ticket["assigned_to"])
        if person is None or ticket["company"] is None:
            continue
        moment = ticket["first_response_at"] or ticket["created_at"]
        for _ in range(dice.choice((1, 1, 2))):
            minutes = dice.choice((7, 12, 20, 25, 35, 50, 80))
            if moment + timedelta(minutes=minutes) > ctx.now:
                break
            rows.append(
                entry(
                    ctx,
                    person=person,
                    work_type=dice.choices(kinds, weights=(4, 1)[: len(kinds)])[0],
                    company=ticket["company"],
                    start=moment,
                    minutes=minutes,
                    notes=dice.choice(NOTES),
                    billable=ticket["is_billable"],
                    currency=currency,
                    approver=approver_of(person, people),
                    ticket=ticket["id"],
                )
            )
            moment += timedelta(minutes=minutes + dice.randint(5, 240))
    await store(ctx, rows)
