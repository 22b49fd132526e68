"""The pages of the documentation and what can be taken out of them."""

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    [
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "deploy").rglob("*.md"),
        *(ROOT / name for name in ("README.md", "sdk/README.md", "kernel/README.md")),
        *(ROOT / "plugins").glob("*/README.md"),
    ]
)
DESK = ("contacts", "comments", "ticketing")
"""The plugins that these pages work with; processes that follow them start no others."""
FRAGMENT = "<!-- fragment -->"
_BLOCK = re.compile(r"^(<!-- fragment -->\n)?```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_TESTS = re.compile(r"^async def (test_\w+)", re.MULTILINE)


def name_of(page: Path) -> str:
    """Return a page's path below the root."""
    return str(page.relative_to(ROOT))


def blocks(page: Path, language: str, *, fragments: bool = False) -> list[str]:
    """Return a page's blocks in a language: those that run, or the fragments."""
    return [
        text
        for mark, found, text in _BLOCK.findall(page.read_text())
        if found == language and bool(mark) == fragments
    ]


def prose(page: Path) -> str:
    """Return a page without its blocks."""
    return _BLOCK.sub("", page.read_text())


def example_tests(page: Path) -> list[str]:
    """Return the names of the tests that a page shows."""
    return _TESTS.findall("\n".join(blocks(page, "python")))


def module(page: Path, directory: Path) -> ModuleType:
    """Write a page's Python blocks into one module and import it."""
    stem = re.sub(r"\W", "_", name_of(page).removesuffix(".md"))
    place = directory / f"page_{stem}"
    place.mkdir(exist_ok=True)
    path = place / "plugin.py"
    path.write_text("\n".join(blocks(page, "python")))
    name = f"psa_page_{stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    sys.modules[name] = made
    spec.loader.exec_module(made)
    return made
