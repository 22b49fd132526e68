"""What is found, taken off or refused (KRN-01, KRN-02)."""

import importlib
import sys
from types import ModuleType

import pytest

from psa_kernel.boot import BootError, load
from psa_kernel.config import Config
from psa_kernel.testing.plugins import module
from psa_sdk import Manifest


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Installs distributions with entry points, as pip would leave them on disk."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def make(
        name: str, *, source: str = "", requires: str = "", group: str = "psa.plugins", entry: str = ""
    ) -> None:
        package = f"installed_{name.replace('.', '_').replace('-', '_')}"
        entry = entry or name
        text = source or (
            "from psa_sdk import Manifest, hookimpl\n"
            f"@hookimpl\ndef psa_manifest():\n    return Manifest(name={entry!r}, title={entry!r})\n"
        )
        (tmp_path / f"{package}.py").write_text(text)
        info = tmp_path / f"{package}-1.2.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.2\n{requires}")
        (info / "entry_points.txt").write_text(f"[{group}]\n{entry} = {package}\n")
        importlib.invalidate_caches()

    yield make
    for name in [name for name in sys.modules if name.startswith("installed_")]:
        del sys.modules[name]


def boot(*only: str, **options: object):
    return load(Config(**options), only=only)


def test_an_installed_plugin_is_found_by_its_entry_point(install):
    install("visits")
    plugin = boot("visits").plugins["visits"]
    assert (plugin.distribution, plugin.version) == ("installed_visits", "1.2")


def test_a_plugin_that_fails_to_import_is_isolated_and_the_rest_starts(install):
    install("visits")
    install("broken", source="import nothing_of_this_name\n")
    registry = boot("visits", "broken")
    assert "visits" in registry.plugins
    assert "nothing_of_this_name" in registry.isolated["broken"]


def test_in_strict_mode_a_broken_plugin_stops_the_start(install):
    install("broken", source="raise RuntimeError('half installed')\n")
    with pytest.raises(BootError, match="half installed"):
        boot("broken", strict=True)


def test_a_plugin_whose_requirement_is_missing_is_off_and_so_is_what_needs_it(install):
    def declaring(name: str, needs: str) -> str:
        return (
            "from psa_sdk import Manifest, hookimpl\n@hookimpl\ndef psa_manifest():\n"
            f"    return Manifest(name={name!r}, title='T', requires=({needs!r},))\n"
        )

    install("invoicing", source=declaring("invoicing", "ledgers"))
    install("dunning", source=declaring("dunning", "invoicing"))
    isolated = boot("invoicing", "dunning").isolated
    assert "ledgers, which is not installed" in isolated["invoicing"]
    assert "invoicing" in isolated["dunning"]


def test_the_operator_can_quarantine_a_plugin(install):
    install("visits")
    registry = boot("visits", quarantine=frozenset({"visits"}))
    assert registry.isolated == {"visits": "quarantined by the operator"}


def test_a_plugin_for_another_version_of_the_sdk_is_taken_off(install):
    install("visits", requires="Requires-Dist: psa-sdk>=99\n")
    assert "needs psa-sdk>=99" in boot("visits").isolated["visits"]


def test_a_bridge_is_loaded_only_where_both_ends_are(install):
    install("pledges")
    install("pledges-ticketing", group="psa.bridges", entry="pledges.desk")
    assert "pledges.desk" not in boot("pledges").plugins
    install("desk")
    plugins = list(boot("pledges", "desk").plugins)
    assert plugins.index("pledges.desk") > max(plugins.index("pledges"), plugins.index("desk"))


def test_two_modules_of_one_name_are_named_both():
    one, other = module(Manifest(name="visits", title="V")), module(Manifest(name="visits", title="V"))
    with pytest.raises(BootError) as caught:
        load(Config(), (one, other), only=())
    assert one.__name__ in str(caught.value)
    assert other.__name__ in str(caught.value)


def test_a_module_without_a_manifest_is_named():
    with pytest.raises(BootError, match="empty has no psa_manifest"):
        load(Config(), (ModuleType("empty"),), only=())


def test_a_circle_of_requirements_is_shown():
    ring = [
        module(Manifest(name="one", title="1", requires=("two",))),
        module(Manifest(name="two", title="2", requires=("one",))),
    ]
    with pytest.raises(BootError, match="one -> two -> one"):
        load(Config(), ring, only=())


def test_wishes_give_way_to_requirements_and_to_each_other():
    plugins = [
        module(Manifest(name="alpha", title="A", enhances=("beta", "gone"))),
        module(Manifest(name="beta", title="B", enhances=("alpha",))),
        module(Manifest(name="gamma", title="C", enhances=("omega",))),
        module(Manifest(name="omega", title="D")),
    ]
    order = [
        name
        for name in load(Config(), plugins, only=()).plugins
        if name in ["alpha", "beta", "gamma", "omega"]
    ]
    assert order.index("omega") < order.index("gamma")
    assert {"alpha", "beta"} <= set(order)
