"""The door by which pytest finds the testing kit; imports nothing of it before the tests are configured.

Whatever is imported here is imported before coverage is measured.
"""

from importlib.metadata import entry_points
from importlib.util import find_spec

import pytest

# Before any conftest imports the kit; this names it and imports nothing.
pytest.register_assert_rewrite("psa_sdk.testing")


def pytest_configure(config: pytest.Config) -> None:
    """Register the kit's fixtures and the platform's implementation, where both can run."""
    config.addinivalue_line(
        "markers", 'psa(tenancy="multi", plugins=None, modules=()): the installation that `kit` is of'
    )
    offers = list(entry_points(group="psa.testing"))
    if not offers or find_spec("pytest_asyncio") is None or find_spec("httpx") is None:
        return
    for offer in offers:
        config.pluginmanager.import_plugin(offer.value)
    config.pluginmanager.import_plugin("psa_sdk.testing.fixtures")
