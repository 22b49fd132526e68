"""Gardens to plant faults in."""

import pytest

from psa_sdk.testing import PluginBattery

from .garden import Garden
from .verdicts import verdicts


@pytest.fixture
def garden(tmp_path_factory) -> Garden:
    return Garden(tmp_path_factory.mktemp("garden"))


@pytest.fixture
def judge(psa_bench):
    """Returns what the battery says about a garden; further arguments are the battery's attributes."""

    async def say(garden: Garden, **attributes):
        facts = {"plugin": "garden", "plugins": (), "modules": (garden.module(),), **attributes}
        return await verdicts(psa_bench, type("Battery", (PluginBattery,), facts))

    return say
