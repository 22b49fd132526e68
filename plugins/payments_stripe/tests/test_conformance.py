"""What every plugin is held to."""

from typing import ClassVar

from psa_sdk.testing import PluginBattery


class TestConformance(PluginBattery):
    plugin = "payments_stripe"
    public: ClassVar = ("POST /payments-stripe/events",)
