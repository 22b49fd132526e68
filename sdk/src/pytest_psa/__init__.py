"""The door by which pytest finds the testing kit; imports nothing of it before the tests are configured.

Whatever is imported here is imported before coverage is measured.
"""

import shutil
import tempfile
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path

import pytest

# Before any conftest imports the kit; this names it and imports nothing.
pytest.register_assert_rewrite("psa_sdk.testing")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--psa-plugin NAME`: run the conformance battery of an installed plugin, without a test file."""
    parser.addoption(
        "--psa-plugin", action="append", default=[], help="run the conformance battery of a plugin"
    )


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
    names = config.getoption("--psa-plugin")
    if names:
        directory = Path(tempfile.mkdtemp(prefix="psa-conformance-"))
        config.add_cleanup(lambda: shutil.rmtree(directory, ignore_errors=True))
        written = [_battery(directory, name) for name in names]
        # Named tests are run too; those that pytest would look for by itself are not.
        given = config.args if config.args_source is pytest.Config.ArgsSource.ARGS else []
        config.args[:] = [*given, *map(str, written)]


def _battery(directory: Path, name: str) -> Path:
    """Write the three lines that a plugin's tests would have."""
    path = directory / f"test_{name}.py"
    path.write_text(
        "from psa_sdk.testing import PluginBattery\n\n\n"
        f"class TestConformance(PluginBattery):\n    plugin = {name!r}\n"
    )
    return path
