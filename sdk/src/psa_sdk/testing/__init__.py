"""What plugin authors test with: a booted installation, clients, factories and the conformance battery.

Needs `psa-sdk[testing]` and an installed platform, which offers itself under the entry-point group
`psa.testing`. In a plugin's tests, three lines are enough:

    from psa_sdk.testing import PluginBattery

    class TestConformance(PluginBattery):
        plugin = "visits"
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from psa_sdk.testing.battery import PluginBattery
    from psa_sdk.testing.client import Client
    from psa_sdk.testing.factories import Factory, Made
    from psa_sdk.testing.installation import Bench, Installation, NotBooting, Person
    from psa_sdk.testing.jsonapi import check_document
    from psa_sdk.testing.kit import Kit

_HOMES = {
    "Bench": "installation",
    "Client": "client",
    "Factory": "factories",
    "Installation": "installation",
    "Kit": "kit",
    "Made": "factories",
    "NotBooting": "installation",
    "Person": "installation",
    "PluginBattery": "battery",
    "check_document": "jsonapi",
}
__all__ = [
    "Bench",
    "Client",
    "Factory",
    "Installation",
    "Kit",
    "Made",
    "NotBooting",
    "Person",
    "PluginBattery",
    "check_document",
]


def __getattr__(name: str) -> Any:
    """Import a part when it is asked for: pytest and httpx are no requirements of the SDK itself."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
