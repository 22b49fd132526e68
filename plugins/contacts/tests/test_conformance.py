"""What every plugin is held to."""

from typing import ClassVar

from psa_sdk.testing import PluginBattery


class TestConformance(PluginBattery):
    plugin = "contacts"
    samples: ClassVar = {"contact-emails": {"address": lambda n: f"person{n}@example.com"}}
    fixed: ClassVar = {"contacts.is_primary": "only a contact with a company can be its primary one"}
