"""What every plugin is held to."""

from typing import ClassVar

from psa_sdk.testing import PluginBattery

ONE = "a company always has one primary, so it is handed on, not unmarked"


class TestConformance(PluginBattery):
    plugin = "contacts"
    samples: ClassVar = {"contact-emails": {"address": lambda n: f"person{n}@example.com"}}
    fixed: ClassVar = {"contacts.is_primary": ONE, "sites.is_primary": ONE}
