"""Runs a battery without pytest's help, to see what it says about a plugin."""

import pytest
from _pytest.outcomes import Skipped

from psa_sdk.testing import Bench, PluginBattery
from psa_sdk.testing.battery.house import house_of


async def verdicts(bench: Bench, battery: type[PluginBattery]) -> dict[str, str]:
    """Return what each failing check says, by the check's name."""
    found: dict[str, str] = {}
    for name in dir(battery):
        if not name.startswith("test_"):
            continue
        check = getattr(battery(), name)
        for tenancy in _tenancies(check):
            house = await house_of(bench, battery, tenancy)
            try:
                await check(house)
            except Skipped:
                continue
            except AssertionError as error:
                found[name] = found.get(name, "") + f"\n[{tenancy}] {error}"
    return found


def _tenancies(check: object) -> list[str]:
    for mark in getattr(check, "pytestmark", ()):
        if isinstance(mark, pytest.Mark) and mark.name == "parametrize":
            return ["multi"]
    return ["multi"]
