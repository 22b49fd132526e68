"""`psa plugins new` writes a plugin that boots and has its migrations; its own tests pass in `tests/third_party`."""

import sys

import pytest

from psa_kernel.boot import load, plugin_of
from psa_kernel.config import Config


@pytest.fixture
def written(psa, tmp_path, monkeypatch):
    """A new plugin, importable, as its module."""
    psa("plugins", "new", "site_visits", "--directory", tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path / "site_visits" / "src"))
    import importlib

    yield importlib.import_module("psa_site_visits.plugin")
    for name in [name for name in sys.modules if name.startswith("psa_site_visits")]:
        del sys.modules[name]


def test_the_new_plugin_boots_beside_the_built_in_ones(written):
    registry = load(Config(), [written], only=())
    assert registry.plugins["site_visits"].manifest.title == "Site visits"
    assert registry.resource_owner["site-visits-entries"] == "site_visits"
    assert "site_visits.site_visits_entries.read" in registry.permissions


async def test_its_first_migration_makes_everything_it_declares(written, new_database):
    from psa_kernel.database.drift import drifts

    registry = load(Config(), [written], only=())
    database = await new_database()
    found = await drifts(database.superuser, registry, multi_tenant=True)
    assert found["site_visits"].statements == ()


def test_nothing_of_the_template_is_left_unfilled(written, tmp_path):
    for path in (tmp_path / "site_visits").rglob("*"):
        assert "{{" not in path.name
        assert path.is_dir() or path.suffix == ".pyc" or "{{" not in path.read_text()


@pytest.mark.parametrize("name", ["Visits", "site visits", "class", "x" * 40, "../up"])
def test_a_name_that_is_none_is_refused(psa, tmp_path, name):
    assert "is no plugin name" in psa("plugins", "new", name, "--directory", tmp_path, expect=1).output


def test_a_place_that_is_taken_is_refused(psa, written, tmp_path):
    assert "exists already" in psa("plugins", "new", "site_visits", "--directory", tmp_path, expect=1).output


def test_a_module_is_a_plugin(written):
    assert plugin_of(written).name == "site_visits"
