"""Demonstration data: a fortnight of meetings and days out, always the same."""

import datetime
import random
from typing import Any

from psa_calendar.api import APPOINTMENTS
from psa_calendar.calendar_routes import READ
from psa_calendar.participants import zone_of
from psa_calendar.spans import DAY, days_span
from psa_sdk import Context
from psa_sdk.identity import Directory

FORTNIGHT = range(-7, 8)
MEETINGS = (
    ("Stand-up", "meeting", 9, 15, "Video call"),
    ("Quarterly review", "meeting", 11, 60, ""),
    ("Cabling walk-through", "other", 13, 90, "At the client's"),
    ("Migration planning", "project", 16, 45, "Small meeting room"),
)


async def fill(ctx: Context) -> None:
    """Give staff meetings, some with clients, and one day of training."""
    staff = await ctx.service(Directory).holders(READ)
    companies = [row["id"] for row in await ctx.records.find("companies", order="external_id", limit=20)]
    if not staff or not companies:
        return
    dice = random.Random("calendar")  # noqa: S311 - demonstration data must be the same everywhere
    rows: list[dict[str, Any]] = []
    for index, person in enumerate(staff):
        zone = await zone_of(ctx, person.id)
        for offset in FORTNIGHT:
            date = ctx.today + DAY * offset
            for title, kind, hour, minutes, location in MEETINGS if date.weekday() < 5 else ():
                if title != "Stand-up" and dice.random() < 0.6:
                    continue
                at_client = title == "Cabling walk-through"
                client = companies[index % len(companies)] if at_client else dice.choice(companies)
                start = datetime.datetime.combine(date, datetime.time(hour), tzinfo=zone).astimezone(
                    datetime.UTC
                )
                rows.append(
                    {
                        "title": title,
                        "appointment_type": kind,
                        "start_time": start,
                        "end_time": start + datetime.timedelta(minutes=minutes),
                        "location": location,
                        "status": "completed" if start < ctx.now else "scheduled",
                        "assigned_to": person.id,
                        "organizer": person.id,
                        "company": None if title == "Stand-up" else client,
                        "is_client_visible": at_client,
                    }
                )
    rows += [_training(ctx, person.id, await zone_of(ctx, person.id)) for person in staff[:2]]
    await ctx.records.create_many(APPOINTMENTS, rows, history=True)


def _training(ctx: Context, account: Any, zone: datetime.tzinfo) -> dict[str, Any]:
    date = ctx.today + DAY * (9 - ctx.today.weekday())
    span = days_span(date, date, zone)
    return {
        "title": "Firewall training",
        "all_day": True,
        "start_date": date,
        "end_date": date,
        "start_time": span.start,
        "end_time": span.end,
        "location": "Training centre",
        "assigned_to": account,
        "organizer": account,
    }
