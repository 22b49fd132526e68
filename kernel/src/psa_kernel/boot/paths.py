"""Paths: their parameters and their shape, and those that a resource has by itself below `/api/v1`."""

import re
from collections import Counter
from collections.abc import Iterator

from psa_kernel.registry import Registry
from psa_sdk.resources import ApiVerb, ToMany

PARAMETER = r"\{[a-z_][a-z0-9_]*(:(uuid|str|int|date|path))?\}"
"""How a parameter is written; a pattern."""
_PARAMETER = re.compile(r"\{([a-z_][a-z0-9_]*)(?::([a-z]+))?\}")
_METHODS: tuple[tuple[ApiVerb, str, bool], ...] = (
    ("list", "GET", False),
    ("create", "POST", False),
    ("get", "GET", True),
    ("update", "PATCH", True),
    ("update", "PUT", True),
    ("delete", "DELETE", True),
)


def parameters(path: str) -> dict[str, str]:
    """Return the path's parameters with their types.

    Example:
        >>> parameters("/tickets/{id:uuid}/notes/{note:uuid}")
        {'id': 'uuid', 'note': 'uuid'}
    """
    return {name: kind or "str" for name, kind in _PARAMETER.findall(path)}


def repeated(path: str) -> list[str]:
    """Return the names that more than one parameter of the path has.

    Example:
        >>> repeated("/tickets/{id:uuid}/notes/{id:uuid}")
        ['id']
    """
    names = [name for name, _ in _PARAMETER.findall(path)]
    return [name for name, times in Counter(names).items() if times > 1]


def shape(path: str) -> str:
    """Return the path with its parameters unnamed, so that equal routes compare equal.

    Example:
        >>> shape("/tickets/{ticket:uuid}/notes")
        '/tickets/{}/notes'
    """
    return _PARAMETER.sub("{}", path)


def resource_endpoints(registry: Registry, name: str) -> Iterator[tuple[str, str]]:
    """Yield (method, shape) of the endpoints that a resource has without a declared route."""
    resource = registry.resources[name]
    for verb, method, single in _METHODS:
        if verb in resource.verbs:
            yield method, f"{resource.url}/{{}}" if single else resource.url
    if "list" in resource.verbs:
        yield "GET", f"{resource.url}.csv"
    if "get" not in resource.verbs:
        return
    for relation_name, relation in registry.relations(name).items():
        yield "GET", f"{resource.url}/{{}}/{relation_name}"
        yield "GET", f"{resource.url}/{{}}/relationships/{relation_name}"
        if isinstance(relation, ToMany) and relation.create:
            yield "POST", f"{resource.url}/{{}}/{relation_name}"
