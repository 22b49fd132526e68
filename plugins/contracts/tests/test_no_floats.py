"""X-01: no float anywhere in the package: neither literal, nor call, nor a division that makes one."""

import ast
from pathlib import Path

import psa_contracts

MODULES = sorted(Path(psa_contracts.__file__).parent.rglob("*.py"))


def floats_in(source: str) -> list[str]:
    """Return what makes floats in a module."""
    found: list[str] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            found.append(f"line {node.lineno}: {node.value}")
        if isinstance(node, ast.Name) and node.id == "float":
            found.append(f"line {node.lineno}: float")
        if isinstance(node, ast.Attribute) and node.attr in {"timestamp", "total_seconds"}:
            found.append(f"line {node.lineno}: {node.attr}")
    return found


def test_there_is_no_float_in_the_package():
    """X-01"""
    assert len(MODULES) > 30
    wrong = {
        str(path): found
        for path in MODULES
        if (found := [one for one in floats_in(path.read_text()) if "time_limit" not in one])
    }
    assert wrong == {}


def test_the_search_finds_floats():
    assert len(floats_in("a = 1.5\nb = float(a)\nc = d.total_seconds()")) == 3
