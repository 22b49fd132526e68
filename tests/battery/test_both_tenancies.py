"""S30: every plugin that is installed runs with one tenant and with several, by the same checks."""

from importlib.metadata import entry_points

from isolation.installed import batteries

from psa_sdk.testing import PluginBattery
from psa_sdk.testing.battery.tenancy_marks import IN_BOTH


def checks(battery: type[PluginBattery]) -> dict[str, bool]:
    """Return the checks of a battery and whether they run in both tenancies."""
    found = {name: getattr(battery, name) for name in dir(battery) if name.startswith("test_")}
    return {name: IN_BOTH.mark in getattr(check, "pytestmark", ()) for name, check in found.items()}


def test_every_installed_plugin_is_checked_in_both_tenancies():
    """Access, writes and the portal; what is about other tenants needs several, and single values no second look."""
    known = batteries()
    assert {one.name for one in entry_points(group="psa.plugins")} - {"dummy"} <= set(known)
    both = {name for name, twice in checks(PluginBattery).items() if twice}
    assert len(both) == 13, sorted(both)
    assert {name: both - {n for n, twice in checks(one).items() if twice} for name, one in known.items()} == {
        name: set() for name in known
    }
