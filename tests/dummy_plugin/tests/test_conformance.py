"""The plugin that uses everything is held to what every plugin is held to."""

from typing import ClassVar

from psa_dummy import plugin as dummy
from psa_sdk.testing import PluginBattery


class TestConformance(PluginBattery):
    plugin = "dummy"
    modules: ClassVar = (dummy,)
    public: ClassVar = ("GET /dummy/hello",)
