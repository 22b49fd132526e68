"""The query parameters of reads in OpenAPI, one component each."""

import re
from typing import Any

from psa_kernel.jsonapi.catalog import Catalog
from psa_kernel.jsonapi.kinds import Kind
from psa_kernel.jsonapi.query import ARCHIVED, DEFAULT_SIZE, MAX_DEPTH, MAX_SIZE, SEARCH, operators_of
from psa_kernel.jsonapi.shape import Filter, Shape

_SCHEMAS: dict[Kind, dict[str, Any]] = {
    "integer": {"type": "integer", "minimum": -(2**31), "maximum": 2**31 - 1},
    "bigint": {"type": "integer", "minimum": -(2**63), "maximum": 2**63 - 1},
    "boolean": {"type": "boolean"},
    "decimal": {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$"},
    "instant": {"type": "string", "format": "date-time"},
    "date": {"type": "string", "format": "date"},
    "uuid": {"type": "string", "format": "uuid"},
}
_MEANINGS = {
    "eq": "equals",
    "ne": "differs from (or is empty)",
    "in": "is one of, comma-separated",
    "lt": "is less than",
    "lte": "is at most",
    "gt": "is greater than",
    "gte": "is at least",
    "contains": "contains, ignoring case",
    "starts": "starts with, ignoring case",
    "null": "is empty",
}
Reference = dict[str, str]


class Parameters:
    """Makes parameters and refers to them."""

    def __init__(self, catalog: Catalog) -> None:
        """Collect components while paths are made."""
        self._catalog = catalog
        self.components: dict[str, Any] = {}

    def of_list(self, shape: Shape) -> list[Reference]:
        """Return the parameters of a list."""
        return [*self._filters(shape), self._sort(shape), *self._pages(), *self.of_one(shape)]

    def of_linkage(self, shape: Shape) -> list[Reference]:
        """Return the parameters of a list of linkage."""
        return [*self._filters(shape), self._sort(shape), *self._pages()]

    def of_export(self, shape: Shape) -> list[Reference]:
        """Return the parameters of an export."""
        return [*self._filters(shape), self._sort(shape), self._fields(shape)]

    def of_one(self, shape: Shape, *, archived: bool = False) -> list[Reference]:
        """Return the parameters that shape a document."""
        found = [self._fields(shape)]
        if shape.relations:
            paths = ", ".join(sorted(shape.relations))
            found.append(
                self._parameter(
                    f"{shape.name}.include",
                    "include",
                    {"type": "string", "examples": [next(iter(sorted(shape.relations)))]},
                    f"Related records to add, comma-separated, up to {MAX_DEPTH} deep: {paths}.",
                )
            )
        targets = {relation.target for relation in shape.relations.values()} - {shape.name}
        found.extend(self._fields(self._catalog.shape(name)) for name in sorted(targets))
        if archived and shape.resource.archive is not None:
            found.append(self._archived())
        return found

    def _parameter(self, key: str, name: str, schema: dict[str, Any], description: str) -> Reference:
        key = re.sub(r"[^A-Za-z0-9._-]", "-", key)
        self.components.setdefault(
            key,
            {
                "name": name,
                "in": "query",
                "required": False,
                "description": description,
                "schema": schema,
            },
        )
        return {"$ref": f"#/components/parameters/{key}"}

    def _fields(self, shape: Shape) -> Reference:
        names = ", ".join((*shape.attributes, *shape.relations))
        return self._parameter(
            f"{shape.name}.fields",
            f"fields[{shape.name}]",
            {"type": "string"},
            f"The fields to show of {shape.name}, comma-separated: {names}.",
        )

    def _sort(self, shape: Shape) -> Reference:
        names = sorted(shape.sorts)
        one = f"-?({'|'.join(names)})"
        return self._parameter(
            f"{shape.name}.sort",
            "sort",
            {"type": "string", "enum": [f"{sign}{name}" for name in names for sign in ("", "-")]}
            if len(names) == 1
            else {"type": "string", "pattern": f"^{one}(,{one})*$"},
            f"Keys, comma-separated, descending with a leading minus: {', '.join(names)}."
            f" Default: {shape.resource.default_sort}.",
        )

    def _pages(self) -> list[Reference]:
        return [
            self._parameter(
                "page.size",
                "page[size]",
                {"type": "integer", "minimum": 1, "maximum": MAX_SIZE, "default": DEFAULT_SIZE},
                "Records of a page.",
            ),
            self._parameter(
                "page.after", "page[after]", {"type": "string", "minLength": 1}, "The cursor of `links.next`."
            ),
            self._parameter(
                "page.before",
                "page[before]",
                {"type": "string", "minLength": 1},
                "The cursor of `links.prev`.",
            ),
            self._parameter(
                "page.total", "page[total]", {"type": "boolean"}, "Count all, in `meta.page.total`."
            ),
        ]

    def _archived(self) -> Reference:
        return self._parameter(
            "filter.archived",
            "filter[archived]",
            {"type": "string", "enum": list(ARCHIVED)},
            "Whether to show archived records.",
        )

    def _filters(self, shape: Shape) -> list[Reference]:
        found = [
            self._filter(shape, wanted, operator)
            for wanted in shape.filters.values()
            for operator in operators_of(wanted)
        ]
        if shape.resource.search:
            found.append(
                self._parameter("filter.q", f"filter[{SEARCH}]", {"type": "string"}, "Words to search for.")
            )
        if shape.resource.archive is not None:
            found.append(self._archived())
        return found

    def _filter(self, shape: Shape, wanted: Filter, operator: str) -> Reference:
        schema = _SCHEMAS.get(wanted.kind, {"type": "string"})
        if operator == "null":
            schema = {"type": "boolean"}
        elif operator == "in" or wanted.kind == "tags":
            schema = {"type": "string", "minLength": 1}
        elif wanted.choices:
            schema = {"type": "string", "enum": list(wanted.choices)}
        suffix = "" if operator == "eq" else f"[{operator}]"
        meaning = (
            "has all of, comma-separated"
            if wanted.kind == "tags" and operator == "eq"
            else _MEANINGS[operator]
        )
        return self._parameter(
            f"{shape.name}.filter.{wanted.name}.{operator}",
            f"filter[{wanted.name}]{suffix}",
            schema,
            f"{wanted.name} {meaning}.",
        )
