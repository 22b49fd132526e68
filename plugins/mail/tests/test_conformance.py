"""What every plugin is held to."""

from typing import ClassVar

from psa_sdk.testing import PluginBattery

ITSELF = "log-ins of providers need further values"


class TestConformance(PluginBattery):
    plugin = "mail"
    samples: ClassVar = {
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
            "content": "Hello",
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
