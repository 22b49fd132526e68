"""What every plugin is held to."""

from typing import ClassVar

from psa_sdk.testing import PluginBattery


class TestConformance(PluginBattery):
    plugin = "ticketing"
    public: ClassVar = ("GET /public/surveys/{token:str}", "POST /public/surveys/{token:str}")
    samples: ClassVar = {
        "satisfaction-surveys": {"closing": lambda n: n},
        "tickets": {
            "scheduled_start": lambda n: f"2026-01-{n % 28 + 1:02d}T08:00:00Z",
            "scheduled_end": lambda n: f"2026-02-{n % 28 + 1:02d}T08:00:00Z",
        },
    }
