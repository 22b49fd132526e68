"""Demonstration data: a directory that sends some of the staff in two groups, and a write that was refused."""

import datetime
from uuid import UUID

from psa_scim.api import FAULTS, GROUPS, PEOPLE, PROVIDERS, key_of
from psa_sdk import Context
from psa_sdk.identity import Directory
from psa_sdk.sign_in import ExternalIdentities
from psa_sdk.tables import new_id

_MOST = 6


async def fill(ctx: Context) -> None:
    """Connect a directory to the technicians of the demonstration."""
    accounts = await ctx.records.find("users", order="created_at", limit=50)
    held = await ctx.service(Directory).roles([row["id"] for row in accounts])
    staff = [row for row in accounts if held.get(row["id"]) == ("technician",)][:_MOST]
    if not staff:
        return
    provider = await ctx.records.create(
        PROVIDERS,
        {
            "name": "Example directory",
            "group_roles": {"Service desk": ["technician"], "Team leads": ["manager"]},
            "email_domains": ["example.com"],
            "last_request_at": ctx.now - datetime.timedelta(minutes=25),
        },
    )
    people: list[UUID] = []
    for row in staff:
        person, name = new_id(), row["email"]
        await ctx.service(ExternalIdentities).link(key_of(provider), str(person), row["id"])
        document = {"displayName": row["name"], "emails": [{"value": name, "type": "work", "primary": True}]}
        values = {"user_name": name, "user_name_key": name.casefold(), "document": document}
        await ctx.records.create(PEOPLE, {"provider": provider, "account": row["id"], **values}, id=person)
        people.append(person)
    for name, members in (("Service desk", people), ("Office", people[:2])):
        group = await ctx.records.create(GROUPS, {"provider": provider, "display_name": name})
        await ctx.db.execute(
            "INSERT INTO scim.membership (directory_group, person) SELECT $1, p FROM unnest($2::uuid[]) AS p",
            group,
            members,
        )
    refused = {
        "provider": provider,
        "operation": "POST /Users",
        "subject": "visitor@partner.example",
        "status": 400,
        "detail": "visitor@partner.example is of none of the domains that this provider may send.",
        "happened_at": ctx.now - datetime.timedelta(hours=3),
    }
    await ctx.records.create(FAULTS, refused)
