"""The conformance battery: what every plugin is held to, in three lines of its tests.

    class TestConformance(PluginBattery):
        plugin = "visits"

Checks that need a record make one from the declaration; where business rules want more, `samples` says what.
"""

from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any, ClassVar

import pytest
import pytest_asyncio

from psa_sdk.testing.battery.access import AccessChecks
from psa_sdk.testing.battery.declarations import DeclarationChecks
from psa_sdk.testing.battery.house import House, house_of
from psa_sdk.testing.battery.inputs import InputChecks
from psa_sdk.testing.battery.portal import PortalChecks
from psa_sdk.testing.battery.reads import ReadChecks
from psa_sdk.testing.battery.tables import TableChecks
from psa_sdk.testing.battery.tenants import TenantChecks
from psa_sdk.testing.battery.writes import WriteChecks
from psa_sdk.testing.factories import Sample
from psa_sdk.testing.installation import Bench, NotBooting

__all__ = ["PluginBattery"]


class PluginBattery(
    DeclarationChecks,
    TableChecks,
    AccessChecks,
    TenantChecks,
    PortalChecks,
    WriteChecks,
    ReadChecks,
    InputChecks,
):
    """Derive a test class from this, name the plugin, and pytest does the rest."""

    pytestmark: ClassVar[Any] = pytest.mark.asyncio(loop_scope="session")
    plugin: ClassVar[str] = ""
    """The plugin's name."""
    plugins: ClassVar[Sequence[str] | None] = None
    """The installed plugins to boot; all, unless named."""
    modules: ClassVar[Sequence[ModuleType]] = ()
    """Plugins that aren't installed, as the modules with their manifests."""
    samples: ClassVar[Mapping[str, Sample]] = {}
    """By resource: attributes and relationships that its records need, or a function that makes one."""
    public: ClassVar[Sequence[str]] = ()
    """The routes that need no log-in, as `"POST /surveys/{token:str}"`."""
    fixed: ClassVar[Mapping[str, str]] = {}
    """Writable attributes that rules of the plugin keep from changing alone, `"<resource>.<attribute>"`, and why."""
    harmless: ClassVar[Mapping[str, str]] = {}
    """Columns and settings that are called like secrets and are none, `"<Table>.<column>"`, and why."""
    portal_unseen: ClassVar[Mapping[str, str]] = {}
    """Resources of which a client doesn't see the company's factory-made record, and why."""

    @pytest_asyncio.fixture(loop_scope="session")
    async def house(self, request: pytest.FixtureRequest, psa_bench: Bench) -> House | NotBooting:
        """The house of the plugin in the tenancy that the check asks for; made once per run."""
        return await house_of(psa_bench, type(self), getattr(request, "param", "multi"))
