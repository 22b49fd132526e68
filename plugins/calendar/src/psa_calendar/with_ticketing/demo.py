"""Demonstration data: the visits for which tickets are planned."""

import datetime

from psa_calendar.api import APPOINTMENTS
from psa_sdk import Context
from psa_ticketing.api import TICKETS, ServiceDesk


async def fill(ctx: Context) -> None:
    """Give every planned ticket its appointment."""
    tickets = [
        row
        for row in await ctx.records.find(TICKETS, order="created_at", limit=10_000)
        if row["scheduled_start"] is not None
    ]
    facts = await ctx.service(ServiceDesk).tickets([row["id"] for row in tickets])
    rows = [
        {
            "title": f"{facts[row['id']].number} {row['title']}",
            "appointment_type": "ticket",
            "ticket": row["id"],
            "start_time": row["scheduled_start"],
            "end_time": row["scheduled_end"] or row["scheduled_start"] + datetime.timedelta(hours=1),
            "assigned_to": row["assigned_to"],
            "organizer": row["assigned_to"],
            "company": row["company"],
            "contact": row["contact"],
            "site": row["site"],
            "is_client_visible": True,
        }
        for row in tickets
    ]
    await ctx.records.create_many(APPOINTMENTS, rows, history=True)
