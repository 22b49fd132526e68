"""Gardens to plant faults in."""

import pytest

from psa_sdk.testing import PluginBattery

from .garden import Garden
from .verdicts import verdicts


@pytest.fixture
def garden(tmp_path_factory) -> Garden:
    return Garden(tmp_path_factory.mktemp("garden"))


@pytest.fixture
def judge(psa_bench, pytestconfig):
    """Returns what the battery says about a garden, and fails unless these checks complain, and `only` these.

    They alone are run, unless asked to be thorough: then all are, which shows that no other one is misled. All are
    run where none is named, too. Further arguments are the battery's attributes.
    """

    async def say(garden: Garden, *checks: str, only: bool = True, **attributes):
        facts = {"plugin": "garden", "plugins": (), "modules": (garden.module(),), **attributes}
        asked = () if pytestconfig.getoption("--thorough") else checks
        found = await verdicts(psa_bench, type("Battery", (PluginBattery,), facts), only=asked)
        assert found.keys() == set(checks) if only else found.keys() & set(checks), found
        return found

    return say
