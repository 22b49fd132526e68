"""What every plugin is held to."""

from psa_sdk.testing import PluginBattery


class TestConformance(PluginBattery):
    plugin = "billing"
