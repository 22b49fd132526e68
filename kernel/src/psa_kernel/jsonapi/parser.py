"""Parses the query string of a read, naming every fault at once (JSON:API 1.1, 5.2 to 5.6)."""

import functools
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl, quote

from psa_kernel.jsonapi.catalog import Catalog
from psa_kernel.jsonapi.filters import bound_value
from psa_kernel.jsonapi.query import (
    ARCHIVED,
    DEFAULT_SIZE,
    MAX_DEPTH,
    MAX_SIZE,
    MAX_SORTS,
    SEARCH,
    FilterUse,
    Mode,
    Query,
    filter_named,
    filter_names,
    lists_rows,
    operators_of,
)
from psa_kernel.jsonapi.shape import SUBJECT, Shape
from psa_sdk.errors import BadRequest, Fault

_KEY = re.compile(r"(?P<family>filter|page|fields)\[(?P<name>[^\[\]]*)\](?:\[(?P<operator>[^\[\]]*)\])?")


class _Parser:
    def __init__(self, catalog: Catalog, shape: Shape, disabled: frozenset[str], mode: Mode) -> None:
        self.catalog = catalog
        self.shape = shape
        self.disabled = disabled
        self.mode: Mode = mode
        self.faults: list[Fault] = []
        self.fields: dict[str, tuple[str, ...]] = {}
        self.include: set[tuple[str, ...]] = set()
        self.included = False
        self.sort: list[tuple[str, bool]] = []
        self.filters: dict[FilterUse, tuple[Any, str]] = {}
        self.page: dict[str, str] = {}
        self.archived = "false"

    def fault(self, parameter: str, detail: str, code: str = "invalid_parameter") -> None:
        self.faults.append(Fault(detail=detail, code=code, parameter=parameter))

    def parse(self, raw: str) -> Query:
        try:
            pairs = parse_qsl(raw, keep_blank_values=True, errors="strict", max_num_fields=100)
        except (ValueError, UnicodeDecodeError):
            raise BadRequest(
                "The query string is not percent-encoded UTF-8 with at most 100 parameters.",
                code="malformed_query",
            ) from None
        seen: set[str] = set()
        for key, value in pairs:
            if key in seen:
                self.fault(key, f"{key} is given more than once; give it once.", "duplicate_parameter")
                continue
            seen.add(key)
            if "\0" in value:
                self.fault(key, f"{key} contains a NUL character; leave it out.")
                continue
            self._one(key, value)
        if not self.sort and lists_rows(self.mode):
            self._sort(self.shape.resource.default_sort)
        size = self._size()
        if "after" in self.page and "before" in self.page:
            self.fault("page[before]", "page[after] and page[before] exclude each other; send one of them.")
        if self.faults:
            raise BadRequest(faults=self.faults)
        filters = tuple(sorted(self.filters))
        return Query(
            fields=tuple(sorted(self.fields.items())),
            include=tuple(sorted(self.include)),
            included=self.included,
            sort=tuple(self.sort),
            filters=filters,
            values=tuple(self.filters[use][0] for use in filters),
            archived=self.archived,
            size=size,
            after=self.page.get("after", ""),
            before=self.page.get("before", ""),
            total=self.page.get("total") == "true",
            carried="&".join(
                f"{quote(key, safe='')}={quote(value, safe=',.:-_')}"
                for key, value in pairs
                if key not in {"page[after]", "page[before]"}
            ),
            binding=repr(
                (
                    self.sort,
                    [(use.name, use.operator, self.filters[use][1]) for use in filters],
                    self.archived,
                )
            ),
        )

    def _one(self, key: str, value: str) -> None:
        lists = lists_rows(self.mode)
        if key == "include" and self.mode in {"list", "one"}:
            self._include(value)
            return
        if key == "sort" and lists:
            self._sort(value)
            return
        match = _KEY.fullmatch(key)
        family = match["family"] if match else ""
        if match is None:
            self._unknown(key)
        elif family == "fields" and match["operator"] is None and self.mode in {"list", "export", "one"}:
            self._fields(key, match["name"], value)
        elif family == "page" and match["operator"] is None and self.mode in {"list", "linkage"}:
            if match["name"] in {"size", "after", "before", "total"}:
                self.page[match["name"]] = value
                if match["name"] == "total" and value not in {"true", "false"}:
                    self.fault(key, "page[total] takes true or false.")
                if match["name"] in {"after", "before"} and not value:
                    self.fault(key, f"{key} is empty; use a cursor from links.", "invalid_cursor")
            else:
                self._unknown(key)
        elif family == "filter" and (
            self.mode in {"list", "linkage", "export", "count"}
            or (self.mode == "one" and match["name"] == "archived")
        ):
            self._filter(key, match["name"], match["operator"], value)
        else:
            self._unknown(key)

    def _unknown(self, key: str) -> None:
        allowed = {
            "list": "filter[…], sort, include, fields[…], page[size], page[after], page[before], page[total]",
            "linkage": "filter[…], sort, page[size], page[after], page[before], page[total]",
            "export": "filter[…], sort, fields[…]",
            "one": "include, fields[…]",
            "count": "filter[…]",
            "none": "none",
        }[self.mode]
        self.fault(
            key, f"{key} is not a parameter of this request; there are {allowed}.", "unknown_parameter"
        )

    def _size(self) -> int:
        raw = self.page.get("size")
        if raw is None:
            return DEFAULT_SIZE
        if not raw.isascii() or not raw.isdigit() or len(raw) > 6 or int(raw) < 1:
            self.fault("page[size]", f"page[size] takes a number from 1 to {MAX_SIZE}.", "invalid_page_size")
            return DEFAULT_SIZE
        if int(raw) > MAX_SIZE:
            self.faults.append(
                Fault(
                    detail=f"page[size] is at most {MAX_SIZE}.",
                    code="max_size_exceeded",
                    parameter="page[size]",
                    meta={"page": {"maxSize": MAX_SIZE}},
                )
            )
            return DEFAULT_SIZE
        return int(raw)

    def _fields(self, key: str, name: str, value: str) -> None:
        if not self.catalog.shows(name, self.shape.portal, self.disabled):
            self.fault(key, f"There is no resource type {name!r}.", "unknown_type")
            return
        shape = self.catalog.shape(name, self.shape.portal, self.disabled)
        wanted = tuple(part for part in value.split(",") if part)
        known = [*shape.attributes, *shape.relations, *([SUBJECT] if shape.subject else [])]
        for part in wanted:
            if part not in known:
                self.fault(
                    key, f"{name} have no field {part!r}; there are {_listed(known)}.", "unknown_field"
                )
        self.fields[name] = tuple(sorted(set(wanted)))

    def _include(self, value: str) -> None:
        self.included = True
        for path in filter(None, value.split(",")):
            steps = tuple(path.split("."))
            if len(steps) > MAX_DEPTH:
                self.fault(
                    "include",
                    f"{path} follows {len(steps)} relationships; the most is {MAX_DEPTH}.",
                    "include_too_deep",
                )
                continue
            shape = self.shape
            for depth, step in enumerate(steps):
                relation = shape.relations.get(step)
                if relation is None:
                    self.fault(
                        "include",
                        f"{shape.name} have no relationship {step!r}; there are {_listed(shape.relations)}.",
                        "unknown_relationship",
                    )
                    break
                self.include.add(steps[: depth + 1])
                shape = self.catalog.shape(relation.target, self.shape.portal, self.disabled)

    def _sort(self, value: str) -> None:
        keys: list[tuple[str, bool]] = []
        for part in value.split(","):
            name, descends = part.removeprefix("-"), part.startswith("-")
            if name not in self.shape.sorts:
                self.fault(
                    "sort",
                    f"{self.shape.name} can't be sorted by {name!r}; there are {_listed(self.shape.sorts)}.",
                    "unknown_sort",
                )
            elif any(name == known for known, _ in keys):
                self.fault("sort", f"{name} is given twice in sort; give it once.")
            else:
                keys.append((name, descends))
                if name == "id":
                    break
        if len(keys) > MAX_SORTS:
            self.fault("sort", f"sort takes at most {MAX_SORTS} keys.")
        if keys and keys[-1][0] != "id":
            keys.append(("id", keys[-1][1]))
        self.sort = keys

    def _filter(self, key: str, name: str, operator: str | None, value: str) -> None:
        if name == SEARCH and operator is None and self.shape.resource.search:
            self.filters[FilterUse(SEARCH, "")] = (value, value)
            return
        if name == "archived" and operator is None and self.shape.resource.archive is not None:
            if value not in ARCHIVED:
                self.fault(key, f"{key} takes {', '.join(ARCHIVED)}.")
            self.archived = value
            return
        wanted = filter_named(self.shape, name)
        if wanted is None:
            self.fault(
                key,
                f"{self.shape.name} can't be filtered by {name!r}; there are {_listed(filter_names(self.shape))}.",
                "unknown_filter",
            )
            return
        used = "eq" if operator is None else operator
        allowed = operators_of(wanted)
        if operator is None and "eq" not in allowed:
            used = allowed[0]
        if used not in allowed:
            self.fault(
                key, f"{name} has no operator {used!r}; there are {', '.join(allowed)}.", "unknown_operator"
            )
            return
        try:
            bound = bound_value(wanted, used, value)
        except ValueError as error:
            self.fault(key, f"{key}: {error}.", "invalid_value")
            return
        if FilterUse(name, used) in self.filters:
            self.fault(
                key, f"filter[{name}] is given twice with {used}; give it once.", "duplicate_parameter"
            )
        self.filters[FilterUse(name, used)] = (bound, value)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "none"


@functools.lru_cache(maxsize=4096)
def parse_query(catalog: Catalog, shape: Shape, disabled: frozenset[str], mode: Mode, raw: str) -> Query:
    """Parse a query string; raises `BadRequest` with every fault found.

    Example:
        `sort=-updated_at&filter[status]=open&page[size]=10` gives `sort == (("updated_at", True), ("id", True))`.
    """
    return _Parser(catalog, shape, disabled, mode).parse(raw)
