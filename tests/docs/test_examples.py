"""Examples in the documentation run: each page is a plugin that boots, and the tests that it shows pass."""

import ast
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from psa_kernel.boot import load
from psa_kernel.config import Config
from psa_kernel.database.schema import create_table
from psa_sdk.testing import PluginBattery

from .pages import FRAGMENT, PAGES, ROOT, blocks, example_tests, module, name_of

WITH_CODE = [page for page in PAGES if blocks(page, "python") and page.stem != "a-plugin-in-an-hour"]
SHOWN = [(page, name) for page in WITH_CODE for name in example_tests(page)]

BESIDE = ("comments", "contacts")
"""The plugins that examples build on."""


def migrate(found):
    """Write the first migration of a page's plugin."""
    tables = [f"{create_table(table)};" for table in found.psa_manifest().tables]
    if tables:
        place = Path(found.__file__).parent / "migrations"
        place.mkdir()
        (place / "0001_initial.sql").write_text("\n".join(tables))


@pytest.fixture(scope="session")
def plugin(tmp_path_factory):
    """Imports a page's code, once; its first migration is written from what it declares."""
    directory = tmp_path_factory.mktemp("pages")
    made = {}

    def imported(page):
        if page not in made:
            found = made[page] = module(page, directory)
            if hasattr(found, "psa_manifest"):
                migrate(found)
        return made[page]

    return imported


@pytest.mark.parametrize("page", WITH_CODE, ids=name_of)
def test_a_page_is_a_plugin_that_boots(page, plugin):
    found = plugin(page)
    if hasattr(found, "psa_manifest"):
        name = found.psa_manifest().name
        registry = load(Config(strict=True), [found], only=BESIDE)
        assert name in registry.plugins


@pytest.mark.parametrize("page", WITH_CODE, ids=name_of)
def test_fragments_are_python(page):
    for text in blocks(page, "python", fragments=True):
        compile(text, FRAGMENT, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)


@pytest.mark.parametrize(("page", "name"), SHOWN, ids=[f"{page.stem}-{name}" for page, name in SHOWN])
async def test_what_a_page_tests_holds(page, name, plugin, new_kit):
    found = plugin(page)
    await getattr(found, name)(
        await new_kit(plugins=BESIDE, modules=(found,) if hasattr(found, "psa_manifest") else ())
    )


def test_every_extension_point_shows_a_test_that_runs():
    pages = {page.stem for page, _ in SHOWN if page.parent.name == "extending"}
    untested = {page.stem for page in PAGES if page.parent.name == "extending"} - pages
    assert untested <= {"README", "a-plugin-in-an-hour"}


_PLACE = TemporaryDirectory()
_README = module(ROOT / "README.md", Path(_PLACE.name))
migrate(_README)


class TestTheReadmesPlugin(PluginBattery):
    """The plugin in twenty lines is all that the README says of it."""

    plugin = "visits"
    plugins = BESIDE
    modules = (_README,)
