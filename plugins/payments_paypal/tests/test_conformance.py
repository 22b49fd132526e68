"""What every plugin is held to."""

from typing import ClassVar

from psa_sdk.testing import PluginBattery


class TestConformance(PluginBattery):
    plugin = "payments_paypal"
    public: ClassVar = ("POST /payments-paypal/events", "GET /payments-paypal/back/{token:str}")
