"""What every plugin is held to: isolation, permissions, portal, writes, migrations, events, documentation."""

from psa_sdk.testing import PluginBattery


class TestConformance(PluginBattery):
    plugin = "{{name}}"
