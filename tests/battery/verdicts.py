"""Runs a battery's checks without pytest, in multi tenancy, to see what it says about a plugin."""

from collections.abc import Collection

from _pytest.outcomes import Skipped

from psa_sdk.testing import Bench, PluginBattery
from psa_sdk.testing.battery.house import house_of


async def verdicts(
    bench: Bench, battery: type[PluginBattery], *, only: Collection[str] = (), without: Collection[str] = ()
) -> dict[str, str]:
    """Return what each failing check says, by the check's name; of all checks, unless `only` names some."""
    found: dict[str, str] = {}
    for name in only or (name for name in dir(battery) if name.startswith("test_") and name not in without):
        try:
            await getattr(battery(), name)(await house_of(bench, battery, "multi"))
        except Skipped:
            continue
        except AssertionError as error:
            found[name] = str(error)
    return found
