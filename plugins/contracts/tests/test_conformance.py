"""What every plugin is held to."""

from datetime import date, timedelta
from typing import ClassVar
from uuid import UUID

from psa_sdk.testing import PluginBattery

AGREED = "charges and terms rest on it once the contract is in force"
TOGETHER = {"top_up_minutes": 60, "top_up_price": "90"}


def split(given):
    """Return what is given as attributes and as relationships."""
    relations = {name: value for name, value in given.items() if isinstance(value, UUID)}
    return {name: value for name, value in given.items() if name not in relations}, relations


async def make_contract(kit, given):
    """Clients see what is in force."""
    attributes, relations = split(given)
    number = kit.number()
    values = {
        "name": f"Contract {number}",
        "contract_type": "managed_services",
        "start_date": "2026-01-01",
        "end_date": "2036-12-31",
        **TOGETHER,
    }
    company = relations.pop("company", None) or (await kit.make("companies")).id
    admin = await kit.admin()
    made = await admin.post("/contracts", values | attributes, relations | {"company": company})
    assert made.status_code == 201, made.text
    id = UUID(made.json()["data"]["id"])
    answer = await admin.post(f"/contracts/{id}/activate")
    assert answer.status_code == 200, answer.text
    return id


async def make_rate(kit, given):
    """A version has one rate for all work: one of its own."""
    attributes, relations = split(given)
    admin = await kit.admin()
    if "card_version" not in relations:
        card = (await kit.make("rate-cards")).id
        version = await admin.post("/rate-card-versions", {"starts_on": "2026-01-01"}, {"rate_card": card})
        relations["card_version"] = UUID(version.json()["data"]["id"])
    made = await admin.post("/rate-card-items", {"hourly_rate": "90"} | attributes, relations)
    assert made.status_code == 201, made.text
    return UUID(made.json()["data"]["id"])


class TestConformance(PluginBattery):
    plugin = "contracts"
    samples: ClassVar = {
        "contracts": make_contract,
        "contract-items": {
            "counter": "contacts.sites",
            "starts_on": "2026-02-01",
            "effective_on": lambda n: str(date(2026, 2, 1) + timedelta(days=n % 1000)),
            "ends_on": "2030-01-01",
            "included_minutes": lambda n: n % 1000 + 1,
        },
        "rate-card-versions": {"starts_on": lambda n: str(date(2030, 1, 1) + timedelta(days=n % 20000))},
        "rate-card-items": make_rate,
        "hour-entries": {"kind": "granted", "minutes": 5},
        "hour-grants": {"expires_on": "2036-01-01", "valid_from": "2026-01-01"},
    }
    fixed: ClassVar = {
        f"contracts.{name}": AGREED
        for name in (
            "start_date",
            "end_date",
            "anchor_date",
            "billing_cycle",
            "billing_timing",
            "first_period",
            "currency",
        )
    } | {"contract-items.starts_on": AGREED}


class TestTimeBridge(PluginBattery):
    plugin = "contracts.time"


class TestTicketingBridge(PluginBattery):
    plugin = "contracts.ticketing"


class TestBillingBridge(PluginBattery):
    plugin = "contracts.billing"
