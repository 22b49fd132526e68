"""What every plugin is held to."""

from typing import ClassVar

from psa_sdk.testing import PluginBattery


class TestConformance(PluginBattery):
    plugin = "web"
    samples: ClassVar = {"saved-views": {"resource": "users"}}
    fixed: ClassVar = {"saved-views.resource": "a view is of a list that there is"}
