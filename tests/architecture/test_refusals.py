"""What people are refused with is a sentence in every language: pages translate what the API says in English."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import psa_sdk
from psa_kernel.boot import load
from psa_kernel.config import Config
from psa_web.catalogues import Catalogues

ROOT = Path(__file__).parents[2]
PROBLEMS = {
    *("BadRequest", "Unauthenticated", "Forbidden", "NotFound", "Conflict", "Stale", "TooLarge", "Invalid"),
    *("RateLimited", "Unavailable", "Fault", "Refused"),
}
# Modules whose functions return sentences for others to refuse with.
TELLING = {"storage.py", "custom_fields.py", "mismatches.py", "password_policy.py", "password_rules.py"}
# What only programs are told: protocols, the command line, documents that no form makes.
FOR_PROGRAMS = (
    *("kernel/src/psa_kernel/" + part for part in ("http/", "cli/", "boot/", "embedded/", "jobs/", "testing/", "backup/")),
    "kernel/src/psa_kernel/events/",
    "kernel/src/psa_kernel/builtin/tenancy/importing.py",
    *(
        f"kernel/src/psa_kernel/jsonapi/{name}.py"
        for name in ("parser", "bodies", "cursor", "paging", "operations", "query", "idempotency", "inside", "paths_inside",
        "openapi", "shape", "filters", "documents", "import_routes", "csv_export", "findings", "statement", "plan", "csv_inside")
    ),
    "sdk/src/psa_sdk/testing/",
    "sdk/src/psa_sdk/template/",
    "plugins/scim/",
    *(f"plugins/oauth/src/psa_oauth/{name}.py" for name in ("requests", "endpoints", "granting", "signing")),
)  # fmt: skip


def sources() -> Iterator[Path]:
    for folder in (ROOT / "sdk/src", ROOT / "kernel/src", *sorted((ROOT / "plugins").glob("*/src"))):
        for path in sorted(folder.rglob("*.py")):
            if not path.relative_to(ROOT).as_posix().startswith(FOR_PROGRAMS):
                yield path


def sentences(path: Path) -> Iterator[str]:
    """Yield what a module refuses with, `{0}` and so on for values."""
    for node in ast.walk(ast.parse(path.read_text())):
        said: list[ast.expr] = []
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            pointed = name == "add" and any(keyword.arg == "pointer" for keyword in node.keywords)
            if name in PROBLEMS or pointed or (name == "append" and path.name in TELLING):
                said += node.args[:1]
            said += [keyword.value for keyword in node.keywords if keyword.arg == "detail"]
        elif isinstance(node, ast.Assign):
            names = {target.id for target in node.targets if isinstance(target, ast.Name)}
            said += [node.value] if names & {"detail", "reason"} else []
        elif path.name in TELLING and isinstance(node, ast.Return) and node.value is not None:
            said.append(node.value)
        elif path.name in TELLING and isinstance(node, ast.Dict | ast.List):
            said += node.values if isinstance(node, ast.Dict) else node.elts
        for one in said:
            yield from filter(is_sentence, map(str.strip, templates(one)))


def templates(node: ast.expr) -> Iterator[str]:
    match node:
        case ast.Constant(value=str(text)):
            yield text.replace("{}", "{0}")
        case ast.JoinedStr(values=parts):
            places = iter(range(len(parts)))
            yield "".join(
                str(part.value) if isinstance(part, ast.Constant) else f"{{{next(places)}}}" for part in parts
            )
        case ast.IfExp(body=one, orelse=other):
            yield from (*templates(one), *templates(other))
        case ast.BoolOp(values=several) | ast.List(elts=several):
            for part in several:
                yield from templates(part)
        case _:
            return


def is_sentence(text: str) -> bool:
    """Tell it from a value, or from values that others put together."""
    return (
        text.endswith(".") and sum(character.isalpha() for character in text) >= 6 and "{known}" not in text
    )


@pytest.fixture(scope="module")
def german() -> Catalogues:
    plugins = load(Config()).plugins
    return Catalogues(
        {name: Path(one.module.__file__ or "").parent / "locale" for name, one in plugins.items()}
    )


def test_what_refuses_is_said_in_german_too(german: Catalogues):
    told = {sentence: path.relative_to(ROOT).as_posix() for path in sources() for sentence in sentences(path)}
    assert {"It must not be empty.", "The password is too short; use at least {0} characters."} <= told.keys()
    assert Path(psa_sdk.__file__).is_relative_to(ROOT)
    known = german.of("de")
    assert {(path, said) for said, path in told.items() if known.gettext(said) == said} == set()
