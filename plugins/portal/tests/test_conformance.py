"""What every plugin is held to."""

from typing import ClassVar
from uuid import UUID

from psa_sdk.testing import PluginBattery


async def make_ticket(kit, given):
    """A ticket with its own attributes only: what neighbours add to it has rules of its own."""
    company = given.get("company") or (await kit.make("companies")).id
    related = {"company": company, **{name: given[name] for name in ("contact", "site") if name in given}}
    words = {name: value for name, value in given.items() if not isinstance(value, UUID | list | tuple)}
    admin = await kit.admin()
    answer = await admin.post("/tickets", {"title": f"Ticket {kit.number()}", **words}, related)
    assert answer.status_code == 201, answer.text
    return UUID(answer.json()["data"]["id"])


class TestConformance(PluginBattery):
    plugin = "portal"


class TestBridgeConformance(PluginBattery):
    plugin = "portal.ticketing"
    samples: ClassVar = {
        "tickets": make_ticket,
        "request-types": {"icon": "life-buoy"},
        "request-fields": {"key": lambda n: f"question_{n}", "kind": "text", "required_if": None},
    }
