"""What every plugin is held to."""

from typing import ClassVar
from uuid import UUID

from psa_sdk.testing import PluginBattery

SCHEDULE = {"monday": [{"start": "09:00", "end": "17:00"}], "sunday": [{"start": "22:00", "end": "24:00"}]}


async def make_target(kit, given):
    """A policy has one target for all priorities: each gets a policy of its own."""
    policy = given.get("sla_policy") or (await kit.make("sla-policies")).id
    named = {name: given[name] for name in ("priority", "ticket_type") if name in given}
    values = {"first_response_hours": "1.0000", "resolution_hours": "8.0000"}
    answer = await (await kit.admin()).post("/sla-targets", values, {"sla_policy": policy, **named})
    assert answer.status_code == 201, answer.text
    return UUID(answer.json()["data"]["id"])


class TestConformance(PluginBattery):
    plugin = "sla"
    samples: ClassVar = {
        "business-hours": {"schedule": SCHEDULE},
        "sla-policies": {"warnings": ["80%", "60m"], "is_default": False},
        "sla-targets": make_target,
    }
    fixed: ClassVar = {
        "holiday-calendars.holidays": "days are kept whole and in order",
        "sla-targets.first_response_hours": "a response is promised no later than the solution",
    }


class TestTicketingConformance(PluginBattery):
    plugin = "sla.ticketing"


class TestTimeConformance(PluginBattery):
    plugin = "sla.time"


class TestContractsConformance(PluginBattery):
    plugin = "sla.contracts"
