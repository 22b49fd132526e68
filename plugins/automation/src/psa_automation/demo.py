"""Demonstration data: skills and hours of the staff."""

from psa_sdk import Context
from psa_sdk.identity import Directory

SKILLS = (("Network", "Firewall"), ("Microsoft 365", "Network"), ("Server", "Backup"), ("Printer",))
WORK = "automation.macros.run"


async def fill(ctx: Context) -> None:
    """Give each of the staff some skills."""
    people = await ctx.service(Directory).holders(WORK)
    present = {row["account"] for row in await ctx.records.find("assignees")}
    for number, person in enumerate(people):
        if person.id not in present:
            skills = list(SKILLS[number % len(SKILLS)])
            await ctx.records.create(
                "assignees", {"account": person.id, "skills": skills, "tier": 1 + number % 3}
            )
