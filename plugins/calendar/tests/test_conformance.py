"""What every plugin is held to."""

from datetime import UTC, datetime, timedelta
from typing import ClassVar

from psa_sdk.testing import PluginBattery

DATES = "dates are an all-day appointment's, the clock's hold otherwise"


def hour(n, more=0):
    """An hour of its own."""
    return (datetime(2031, 1, 1, tzinfo=UTC) + timedelta(hours=2 * n + more)).isoformat()


class TestConformance(PluginBattery):
    plugin = "calendar"
    samples: ClassVar = {
        "appointments": {
            "start_time": lambda n: hour(n),
            "end_time": lambda n: hour(n, 1),
            "all_day": False,
            "start_date": None,
            "end_date": None,
            "is_client_visible": True,
            "is_private": False,
            "allow_conflicts": True,
        },
    }
    public: ClassVar = ("GET /public/calendars/{file:str}",)
    fixed: ClassVar = {
        "appointments.start_date": DATES,
        "appointments.end_date": DATES,
        "appointments.end_time": "it is after the start, and not long",
    }


class TestBridgeConformance(PluginBattery):
    plugin = "calendar.ticketing"


class TestConsoleBridgeConformance(PluginBattery):
    plugin = "calendar.console"
