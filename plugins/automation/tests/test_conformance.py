"""What every plugin is held to."""

from typing import ClassVar
from uuid import UUID

from psa_sdk.testing import PluginBattery


async def make_assignee(kit, given):
    """Everybody has one entry."""
    account = await (await kit.staff(name=f"Worker {kit.number()}")).account_id()
    attributes = {name: value for name, value in given.items() if name != "user"}
    answer = await (await kit.admin()).post("/assignees", attributes, {"user": given.get("user", account)})
    assert answer.status_code == 201, answer.text
    return UUID(answer.json()["data"]["id"])


async def make_contract(kit, given):
    """Tickets fall under contracts that are in force."""
    company = given.get("company") or (await kit.make("companies")).id
    admin = await kit.admin()
    attributes = {
        "name": f"Contract {kit.number()}",
        "contract_type": "managed_services",
        "start_date": "2026-01-01",
        "end_date": "2036-12-31",
    }
    made = await admin.post("/contracts", attributes, {"company": company})
    assert made.status_code == 201, made.text
    found = UUID(made.json()["data"]["id"])
    assert (await admin.post(f"/contracts/{found}/activate")).status_code == 200
    return found


CHECKED = "names of fields and actions are checked against the resource that the rule is about"


DESK: dict[str, object] = {
    "contracts": make_contract,
    "recurring-tickets": {
        "recurrence": "FREQ=WEEKLY;BYDAY=MO",
        "starts_on": lambda n: f"2026-{n % 12 + 1:02d}-{n % 28 + 1:02d}",
    },
    "close-gates": {"required_fields": ["category"]},
}


class TestConformance(PluginBattery):
    plugin = "automation"
    samples: ClassVar = {
        "automation-rules": {
            "resource": "tickets",
            "trigger_type": "created",
            "trigger_options": {},
            "conditions": {},
            "actions": [{"action": "add_note", "content": "Seen"}],
        },
        "assignees": make_assignee,
        **DESK,
    }
    fixed: ClassVar = {
        "automation-rules.resource": CHECKED,
        "automation-rules.trigger_type": CHECKED,
        "automation-rules.trigger_options": CHECKED,
        "automation-rules.conditions": CHECKED,
        "automation-rules.actions": CHECKED,
        "assignees.works_from": "hours have both ends",
        "assignees.works_until": "hours have both ends",
        "assignees.away_from": "absences have both ends",
        "assignees.away_until": "absences have both ends",
    }


class TestBridgeConformance(PluginBattery):
    plugin = "automation.ticketing"
    samples: ClassVar = DESK
    fixed: ClassVar = {
        "recurring-tickets.recurrence": "it must be a recurrence of RFC 5545",
        "close-gates.required_fields": "they must be fields of tickets",
    }
