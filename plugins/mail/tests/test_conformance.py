"""What every plugin is held to."""

from typing import ClassVar
from uuid import UUID

from psa_sdk.testing import PluginBattery

ITSELF = "log-ins of providers need further values"


async def make_ticket(kit, given):
    """A ticket with what it needs and no more: what others add to tickets is their own business."""
    relations = {name: given[name] for name in ("company", "contact") if isinstance(given.get(name), UUID)}
    relations.setdefault("company", (await kit.make("companies")).id)
    attributes = {"title": f"Ticket {kit.number()}"}
    answer = await (await kit.admin()).post("/tickets", attributes, relations)
    assert answer.status_code == 201, answer.text
    return UUID(answer.json()["data"]["id"])


class TestConformance(PluginBattery):
    plugin = "mail"
    public: ClassVar = ("POST /public/email-subscriptions/{token:str}",)
    samples: ClassVar = {
        "tickets": make_ticket,
        "email-mailboxes": {
            "name": lambda n: f"Desk {n}",
            "address": lambda n: f"desk{n}@example.com",
            "kind": "push",
            "host": "",
            "authentication": "password",
            "after_reading": "seen",
            "authority": "",
            "is_paused": False,
        },
        "email-transports": {
            "name": lambda n: f"Way {n}",
            "from_address": lambda n: f"desk{n}@example.com",
            "kind": "smtp",
            "host": "127.0.0.1",
            "authentication": "password",
            "authority": "",
            "is_default": False,
        },
        "email-parse-rules": {"name": lambda n: f"Rule {n}", "conditions": {}, "actions": {}},
        "email-templates": {
            "kind": "created",
            "language": lambda n: f"{chr(97 + n % 26)}{chr(97 + n // 26 % 26)}-a{n}",
            "title": lambda n: f"Hello {n}",
            "content": lambda n: f"Hello {n}",
        },
    }
    fixed: ClassVar = {
        "email-mailboxes.kind": ITSELF,
        "email-mailboxes.authentication": ITSELF,
        "email-mailboxes.after_reading": ITSELF,
        "email-mailboxes.host": ITSELF,
        "email-transports.kind": ITSELF,
        "email-transports.authentication": ITSELF,
        "email-transports.host": ITSELF,
        "email-transports.is_default": "the first one is the default, and a new default takes over",
        "email-parse-rules.conditions": "a document of its own",
        "email-parse-rules.actions": "a document of its own",
        "email-templates.kind": "placeholders depend on it",
    }
