"""Who may import whom: two public surfaces, `psa_sdk` and each plugin's `api`; everything else is private.

import-linter holds the coarse layers (`make check`); this holds what wildcards can't say, for every plugin in
the tree without a list to keep.
"""

import re
import sys
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[2]


def plugins_in(directory: Path) -> dict[str, frozenset[str]]:
    """Return each plugin package and the plugin packages that its distribution depends on."""
    found: dict[str, frozenset[str]] = {}
    for project in directory.glob("*/pyproject.toml"):
        needs = tomllib.loads(project.read_text())["project"].get("dependencies", [])
        names = [re.split(r"[^\w.-]", need, maxsplit=1)[0].replace("-", "_") for need in needs]
        for package in project.parent.glob("src/psa_*/__init__.py"):
            found[package.parent.name] = frozenset(names)
    return found


def violations(plugins: Mapping[str, frozenset[str]]) -> list[str]:
    """Return a sentence for every import that crosses a private border."""
    graph = grimp.build_graph("psa_sdk", "psa_kernel", *plugins, cache_dir=None)
    wrong: list[str] = []
    for importer in sorted(graph.modules):
        for imported in sorted(graph.find_modules_directly_imported_by(importer)):
            reason = _objection(importer, imported, plugins)
            if reason:
                wrong.append(f"{importer} imports {imported}: {reason}")
    return wrong


def _objection(importer: str, imported: str, plugins: Mapping[str, frozenset[str]]) -> str:
    source, target = importer.split(".")[0], imported.split(".")[0]
    if source == target or target == "psa_sdk":
        return ""
    if source == "psa_sdk":
        return "the SDK imports nothing of ours"
    if source == "psa_kernel":
        return "the kernel knows no plugin"
    if target == "psa_kernel":
        return "a plugin knows the SDK only"
    if imported.split(".")[1:2] != ["api"]:
        return f"only {target}.api is public"
    bridge = f"with_{target.removeprefix('psa_')}"
    if target not in plugins[source] and bridge not in importer.split("."):
        return f"{target} is no dependency of {source}; optional neighbours belong in {source}.{bridge}"
    return ""


def plant(directory: Path, name: str, modules: Mapping[str, str], needs: Iterable[str] = ()) -> None:
    package = directory / name / "src" / f"psa_{name}"
    for module, source in {"__init__.py": "", **modules}.items():
        (package / module).parent.mkdir(parents=True, exist_ok=True)
        (package / module).write_text(source)
    dependencies = ", ".join(f'"{need}"' for need in needs)
    (directory / name / "pyproject.toml").write_text(
        f'[project]\nname = "psa-{name}"\ndependencies = [{dependencies}]\n'
    )
    sys.path.insert(0, str(package.parent))


@pytest.fixture
def planted(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", list(sys.path))
    plant(tmp_path, "planted_base", {"api.py": "", "tables.py": ""})
    return tmp_path


def test_every_plugin_in_the_tree_keeps_to_the_public_surfaces():
    plugins = plugins_in(ROOT / "plugins")
    assert {"psa_contacts", "psa_ticketing", "psa_comments"} <= plugins.keys()
    assert violations(plugins) == []


def test_an_import_of_the_kernel_is_found(planted):
    plant(planted, "planted_user", {"plugin.py": "import psa_kernel.config\n"})
    assert violations(plugins_in(planted)) == [
        "psa_planted_user.plugin imports psa_kernel.config: a plugin knows the SDK only"
    ]


def test_an_import_of_a_private_module_is_found(planted):
    plant(
        planted,
        "planted_user",
        {"rules.py": "from psa_planted_base.tables import x\n"},
        ["psa-planted_base>=1"],
    )
    assert violations(plugins_in(planted)) == [
        "psa_planted_user.rules imports psa_planted_base.tables: only psa_planted_base.api is public"
    ]


def test_an_optional_neighbour_is_imported_only_in_its_bridge(planted):
    use = "from psa_planted_base import api\n"
    plant(planted, "planted_user", {"rules.py": use, "with_planted_base/__init__.py": use})
    assert violations(plugins_in(planted)) == [
        (
            "psa_planted_user.rules imports psa_planted_base.api: psa_planted_base is no dependency of "
            "psa_planted_user; optional neighbours belong in psa_planted_user.with_planted_base"
        )
    ]


def test_a_required_neighbours_api_may_be_imported(planted):
    plant(planted, "planted_user", {"rules.py": "from psa_planted_base.api import x\n"}, ["psa-planted_base"])
    assert violations(plugins_in(planted)) == []
