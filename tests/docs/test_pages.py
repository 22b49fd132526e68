"""What pages say exists: commands and their options, variables, tests, links, hooks."""

import functools
import os
import re
import shlex

import click
import pytest

from psa_kernel.boot import load
from psa_kernel.cli import main as psa
from psa_kernel.cli.reference import pages as reference
from psa_kernel.config import Config
from psa_sdk import hooks

from .pages import PAGES, ROOT, blocks, name_of, prose

DEPLOY = [path for path in sorted((ROOT / "deploy").rglob("*")) if path.is_file()]
WRITTEN = [*PAGES, *DEPLOY]
_INLINE = re.compile(r"`(psa [a-z][^`]*)`")
_LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
_NAMED_TEST = re.compile(r"`((?:\w+/)*test_\w+\.py)(?:::(test_\w+))?`")


def commands_on(page):
    """Return the `psa` commands that a page shows, as their words."""
    lines = [line for text in blocks(page, "sh") for line in text.splitlines()]
    found = [line[4:] for line in lines if line.startswith("psa ")]
    found += [text[4:] for text in _INLINE.findall(prose(page))]
    return [
        shlex.split(text.split(" > ")[0].split(" #")[0].replace("…", ""), comments=True) for text in found
    ]


def problem(words):
    """Return what is wrong with a command, or None."""
    command: click.Command = psa
    context = click.Context(command)
    rest = list(words)
    while isinstance(command, click.Group) and rest:
        word = rest.pop(0)
        found = command.get_command(context, word)
        if found is None:
            return f"there is no {word}"
        command = found
    known = {
        option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)
    }
    unknown = [word for word in rest if word.startswith("--") and word.split("=")[0] not in known]
    return f"it takes no {', '.join(unknown)}" if unknown else None


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_commands_exist_with_their_options(page):
    wrong = {" ".join(words): problem(words) for words in commands_on(page)}
    assert {words: why for words, why in wrong.items() if why} == {}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page):
    targets = [target for target in _LINK.findall(page.read_text()) if "://" not in target]
    assert [target for target in targets if not (page.parent / target).exists()] == []


@functools.cache
def read_variables(*places):
    """Return the variables that the platform reads, and code in further places."""
    fields = {f"PSA_{name.upper()}" for name in Config.__struct_fields__}
    others = re.compile(r"[\"'](PSA_[A-Z_]+)[\"']")
    sources = [path for place in ("kernel/src", *places) for path in (ROOT / place).rglob("*.py")]
    return fields | {name for path in sources for name in others.findall(path.read_text())}


def test_every_variable_is_on_the_page_as_it_is_declared():
    page = (ROOT / "docs/operating/configuration.md").read_text()
    assert [name for name in sorted(read_variables()) if f"| `{name}` |" not in page] == []
    declared = [line for line in reference(load(Config()))["configuration"].splitlines() if "`PSA_" in line]
    assert [line for line in declared if line not in page.splitlines()] == []
    assert [line for line in declared if line.endswith("|  |")] == []


@pytest.mark.parametrize("path", WRITTEN, ids=name_of)
def test_variables_exist(path):
    mentioned = set(re.findall(r"\bPSA_[A-Z_]+[A-Z]\b", path.read_text()))
    assert mentioned - read_variables("plugins", "tests/docs") == set()


def test_the_tests_that_pages_name_exist():
    wrong = []
    for page in PAGES:
        for path, name in _NAMED_TEST.findall(page.read_text()):
            place = (
                ROOT / path
                if path.startswith(("tests/", "kernel/", "plugins/"))
                else ROOT / "kernel/tests" / path
            )
            found = [place] if place.exists() else list((ROOT / "kernel/tests").rglob(path))
            if not any(f"def {name}(" in one.read_text() for one in found if name) and (name or not found):
                wrong.append(f"{name_of(page)}: {path}::{name}")
    assert wrong == []


def test_every_hook_is_told_about():
    page = (ROOT / "docs/extending/hooks.md").read_text()
    assert [name for name in vars(hooks) if name.startswith("psa_") and f"`{name}`" not in page] == []


def test_nothing_that_plugins_declare_is_undocumented():
    quarantine = frozenset(os.environ.get("PSA_QUARANTINE", "").split(","))
    bare = []
    for name, page in reference(load(Config(quarantine=quarantine))).items():
        if name not in {"plugins", "resources", "hooks"}:
            bare += [
                f"{name}: {line}"
                for line in page.splitlines()
                if line.startswith("| `") and line.endswith("|  |")
            ]
            bare += [
                f"{name}: {line}" for line in page.splitlines() if name == "permissions" and "|  |" in line
            ]
    assert bare == []


def test_decisions_are_one_sequence_and_all_listed():
    folder = ROOT / "docs/decisions"
    numbered = sorted(path for path in folder.glob("*.md") if path.name != "README.md")
    assert [int(path.name[:4]) for path in numbered] == list(range(1, len(numbered) + 1))
    assert [path.name for path in numbered if not path.read_text().startswith(f"# {path.name[:4]} ")] == []
    listed = (folder / "README.md").read_text()
    assert [path.name for path in numbered if f"({path.name})" not in listed] == []
    mentioned = {
        number for page in PAGES for number in re.findall(r"[Dd]ecisions? (\d{4})", page.read_text())
    }
    assert mentioned <= {path.name[:4] for path in numbered}
