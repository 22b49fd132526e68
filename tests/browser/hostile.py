"""Fills an installation with what attackers would write: into every text that its API takes, of every kind of record."""

from collections.abc import Mapping
from typing import Any

import httpx
import msgspec

from psa_kernel.registry import Registry
from psa_sdk.resources import Resource

from .conftest import Desk

MARK = "data-evil"
"""An attribute that no page has unless a text became a part of it."""
TEXTS = (
    f"'\"></title></textarea></script><b {MARK} onclick=alert(1)><img src=//evil.example/x onerror=alert(2)> 100% d",
    f'"></title><img {MARK} src=//evil.example>',
    f'"><b {MARK}>',
)
"""The same, in less and less space."""


def evil(length: int = 300, number: int = 0) -> str:
    """Return the longest of them that fits; `number` makes it another where names must differ."""
    return next((found for text in TEXTS if len(found := f"{text}{number or ''}") <= length), "<b>"[:length])


def resources(registry: Registry) -> list[Resource]:
    """Return what the API lists."""
    every = (one for plugin in registry.plugins.values() for one in plugin.manifest.resources)
    return [one for one in every if "list" in one.verbs]


def fill(desk: Desk, registry: Registry) -> dict[str, str]:
    """Write into the first records of every resource; returns one of them by the path of those that took any of it."""
    written: dict[str, str] = {}
    for resource in resources(registry):
        for number, row in enumerate(ids(desk, resource)):
            if taint(desk, resource, row, number):
                written.setdefault(resource.url, row)
    return written


def taint(desk: Desk, resource: Resource, id: str, number: int = 0) -> bool:
    """Write into every text of a record that takes it; tells whether any did."""
    if resource.write is None or "update" not in resource.verbs:
        return False
    kinds = _properties(resource.write)
    values = {name: value for name, kind in kinds.items() if (value := _evil(kind, number)) is not None}
    return _write(desk, resource, id, values)


def ids(desk: Desk, resource: Resource, count: int = 2) -> list[str]:
    """Return the first records of a resource."""
    answer = desk.api.get(resource.url, params={"page[size]": count})
    assert answer.is_success, answer.text
    return [row["id"] for row in answer.json()["data"]]


def _write(desk: Desk, resource: Resource, id: str, values: dict[str, Any]) -> bool:
    """Write what is taken of it: what a rule refuses is left out, since no record will ever have it."""
    while values:
        document = {"data": {"type": resource.name, "id": id, "attributes": values}}
        answer = desk.api.patch(f"{resource.url}/{id}", json=document)
        if answer.is_success:
            return True
        assert answer.status_code < 500, (resource.name, values, answer.text)
        refused = _refused(answer) & set(values)
        if not refused and len(values) > 1:
            one_by_one = [_write(desk, resource, id, {name: value}) for name, value in values.items()]
            return any(one_by_one)
        values = {name: value for name, value in values.items() if refused and name not in refused}
    return False


def _refused(answer: httpx.Response) -> set[str]:
    pointers = (fault.get("source", {}).get("pointer", "") for fault in answer.json()["errors"])
    return {pointer.split("/")[3] for pointer in pointers if pointer.count("/") > 2}


def _properties(kind: type[Any]) -> Mapping[str, Mapping[str, Any]]:
    [[described], definitions] = msgspec.json.schema_components([kind])
    return definitions[described["$ref"].rpartition("/")[2]]["properties"]


def _evil(kind: Mapping[str, Any], number: int) -> Any:
    """Return a value that JSON Schema allows; None where it is no text."""
    kind = next((one for one in kind.get("anyOf", ()) if one.get("type") != "null"), kind)
    if kind.get("type") == "array":
        inner = _evil(kind.get("items", {}), number)
        return None if inner is None else [inner]
    if kind.get("type") != "string" or {"enum", "format", "pattern"} & set(kind):
        return None
    return evil(kind.get("maxLength", 300), number)
