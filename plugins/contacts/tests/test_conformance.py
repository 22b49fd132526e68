"""What every plugin is held to."""

from typing import Any, ClassVar
from uuid import UUID

from psa_contacts import company_merging, contact_merging
from psa_sdk.testing import Kit, PluginBattery


async def merge_contacts(kit: Kit, given: dict[str, Any]) -> UUID:
    winner, loser = given.get("winner") or (await kit.make("contacts")).id, (await kit.make("contacts")).id
    async with kit.unit() as ctx:
        return await contact_merging.merge(ctx, winner, loser, force=True)


async def merge_companies(kit: Kit, given: dict[str, Any]) -> UUID:
    winner, loser = given.get("winner") or (await kit.make("companies")).id, (await kit.make("companies")).id
    async with kit.unit() as ctx:
        return await company_merging.merge(ctx, winner, loser)


ONE = "a company always has one primary, so it is handed on, not unmarked"


class TestConformance(PluginBattery):
    plugin = "contacts"
    samples: ClassVar = {
        "contact-emails": {"address": lambda n: f"person{n}@example.com"},
        "contact-merges": merge_contacts,
        "company-merges": merge_companies,
    }
    fixed: ClassVar = {"contacts.is_primary": ONE, "sites.is_primary": ONE}
