"""Lists: a page of a resource with filters, sorting, search and paging; all of it in the address."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import parse_qs, urlencode
from uuid import UUID

import msgspec
from markupsafe import Markup

from psa_sdk.documents import TALLIED, Description, Documents, FilterFacts, Found, Item
from psa_sdk.ui import BulkAction, ListColumn, ListFilter, ListPreset
from psa_web.formatting import humanise
from psa_web.here import Here
from psa_web.records.saved import saved_tabs
from psa_web.records.views import Column, View, editable, view_of

ROWS: Final = 50
_QUICK: Final = 5
"""Choices up to which a filter is offered as chips."""
_OWN: Final = frozenset(("q", "sort", "after", "before", "archived"))


class Choice(msgspec.Struct, frozen=True):
    """A value of a filter and whether it is on."""

    value: str
    label: str
    on: bool


class FilterField(msgspec.Struct, frozen=True, kw_only=True):
    """A filter as the bar or the filter menu shows it."""

    name: str
    label: str
    kind: str
    choices: Sequence[Choice] = ()
    target: str = ""
    value: str = ""
    chosen: Mapping[str, str] = {}
    since: str = ""
    until: str = ""

    @property
    def active(self) -> bool:
        """Whether it narrows the list."""
        return bool(self.value or self.since or self.until or self.chosen or any(c.on for c in self.choices))


class Preset(msgspec.Struct, frozen=True):
    """A view that everybody has, and how many rows it shows where that is counted."""

    title: str
    query: str
    count: int | None = None


class Extra(msgspec.Struct, frozen=True):
    """Another plugin's column and its cells by row."""

    column: ListColumn
    cells: Mapping[UUID, Markup]


class Asked(msgspec.Struct, frozen=True):
    """What the address asks a list for: parameters with all their values."""

    given: Mapping[str, Sequence[str]]

    def one(self, name: str) -> str:
        """Return a parameter's value."""
        return next(iter(self.given.get(name, ())), "")

    def address(self, **changed: str | None) -> str:
        """Return the query string with parameters changed; a new order or filter starts at the first page."""
        pairs = [
            (name, value)
            for name, values in self.given.items()
            for value in values
            if value and name not in changed and name not in {"after", "before"}
        ]
        pairs += [(name, value) for name, value in changed.items() if value]
        return "?" + urlencode(pairs)

    def whole(self) -> str:
        """Return the query string of what is shown, its page of the list included."""
        return self.address(after=self.one("after"), before=self.one("before"))

    def without(self, name: str, value: str = "") -> str:
        """Return the query string with a filter, or one of its values, taken away."""
        dropped = {name, f"{name}.from", f"{name}.to"}
        pairs = [
            (key, one)
            for key, values in self.given.items()
            for one in values
            if key not in {"after", "before"} and (key not in dropped or (value and one != value))
        ]
        return "?" + urlencode(pairs)


def query_of(facts: Description, view: View, asked: Asked, *, rows: int = ROWS) -> dict[str, str]:
    """Return the API's parameters for what an address asks."""
    query = {"page[size]": str(rows)}
    references = [column.name for column in view.columns if column.name in facts.relations]
    if references:
        query["include"] = ",".join(references)
    if asked.one("q") and facts.searchable:
        query["filter[q]"] = asked.one("q")
    if asked.one("sort").removeprefix("-") in facts.sorts:
        query["sort"] = asked.one("sort")
    if facts.archivable and asked.one("archived") in {"true", "any"}:
        query["filter[archived]"] = asked.one("archived")
    for direction in ("after", "before"):
        if asked.one(direction):
            query[f"page[{direction}]"] = asked.one(direction)
    for name, wanted in facts.filters.items():
        values = [value for value in asked.given.get(name, ()) if value]
        if name not in _OWN and values:
            query.update(_condition(wanted, values))
        for ending, operator in (("from", "gte"), ("to", "lte")):
            if asked.one(f"{name}.{ending}"):
                query[f"filter[{name}][{operator}]"] = _edge(wanted, asked.one(f"{name}.{ending}"), ending)
    return query


def _condition(wanted: FilterFacts, values: Sequence[str]) -> dict[str, str]:
    name = wanted.name
    if values == ["none"] and wanted.kind == "uuid":
        return {f"filter[{name}][null]": "true"}
    if wanted.kind == "text":
        return {f"filter[{name}][contains]": values[0]}
    if wanted.kind in {"choice", "uuid", "tags"}:
        return {f"filter[{name}][in]": ",".join(values)}
    return {f"filter[{name}]": values[0]}


def _edge(wanted: FilterFacts, value: str, ending: str) -> str:
    if wanted.kind != "instant" or "T" in value:
        return value
    return f"{value}T{'00:00:00' if ending == 'from' else '23:59:59'}Z"


async def list_data(
    place: Here, resource: str, asked: Asked, *, fixed: tuple[UUID, str] | None = None
) -> dict[str, Any]:
    """Return what the list's template shows; `fixed` is a record and the relationship whose members these are."""
    documents = place.ctx.service(Documents)
    facts = documents.describe(resource)
    view = view_of(place.site, facts)
    query = query_of(facts, view, asked)
    if any(name.startswith("filter[") for name in query):
        # Of what was looked for one wants to know how much there is; counting all of it would cost more than showing it.
        query["page[total]"] = "true"
    found = await documents.find(resource, query)
    ids = [item.id for item in found.items]
    return {
        "title": place.gettext(view.title),
        "facts": facts,
        "view": view,
        "asked": asked,
        "found": found,
        "rows": found.items,
        "extras": await extras(place, resource, ids),
        "quick": await quick_filters(place, documents, facts, asked),
        "filters": await all_filters(documents, facts, asked),
        "bulk": [b for b in place.site.shown("bulk", BulkAction, place) if b.resource == resource],
        "presets": await presets(place, documents, facts, view),
        "saved": await saved_tabs(place, resource),
        "sorted_by": asked.one("sort") or facts.default_sort,
        "export": _export(query),
        "editable": editable(facts, view),
    }


def _export(query: Mapping[str, str]) -> str:
    """Return the query string by which the whole of what a list shows is exported."""
    kept = {name: value for name, value in query.items() if name == "sort" or name.startswith("filter[")}
    return f"?{urlencode(kept)}" if kept else ""


async def extras(place: Here, resource: str, ids: Sequence[UUID]) -> list[Extra]:
    """Return other plugins' columns with their cells, each loaded once for all rows; broken ones are left out."""
    from psa_web.slots import log

    found: list[Extra] = []
    for column in place.site.shown("columns", ListColumn, place):
        if column.resource != resource:
            continue
        try:
            async with place.ctx.savepoint():
                values = await column.load(place.ctx, ids)
                cells = {
                    row: Markup(place.site.render(place, column.template, data))  # noqa: S704 - autoescaped
                    for row, data in values.items()
                }
        except Exception:  # noqa: BLE001 - whatever is wrong with one plugin's column
            log.exception("a column failed", column=column.id)
            continue
        found.append(Extra(column, cells))
    return found


async def presets(place: Here, documents: Documents, facts: Description, view: View) -> list[Preset]:
    """Return the views that everybody has."""
    found: list[Preset] = []
    for preset in place.site.shown("presets", ListPreset, place):
        if preset.resource != facts.name:
            continue
        query = preset.query.replace("{me}", str(place.ctx.principal.id))
        wanted = query_of(facts, view, Asked(parse_qs(query)))
        narrowed = {name: value for name, value in wanted.items() if name.startswith("filter[")}
        count = await documents.count(facts.name, narrowed, most=TALLIED) if preset.counted else None
        found.append(Preset(preset.title, query, count))
    return found


async def quick_filters(
    place: Here, documents: Documents, facts: Description, asked: Asked
) -> list[FilterField]:
    """Return the filters of the first row: those that plugins name, else choices with few values."""
    named = [f.name for f in place.site.shown("filters", ListFilter, place) if f.resource == facts.name]
    names = (
        named
        or [
            name
            for name, one in facts.filters.items()
            if 1 < len(one.choices) <= _QUICK
            and (name in {"status", "state", "kind"} or name.endswith("_type"))
        ][:1]
    )
    return [
        await _few(documents, await _field(documents, facts, facts.filters[name], asked))
        for name in names
        if name in facts.filters
    ]


async def _few(documents: Documents, field: FilterField) -> FilterField:
    """Offer a reference's targets as chips where they are few: priorities, not people."""
    if not field.target or field.target not in documents.resources():
        return field
    facts = documents.describe(field.target)
    found = await documents.find(field.target, {"page[size]": str(_QUICK + 1)})
    if len(found.items) > _QUICK:
        return field
    choices = [
        Choice(str(item.id), label_of(facts, item), str(item.id) in field.chosen) for item in found.items
    ]
    return msgspec.structs.replace(field, choices=choices, chosen={})


async def all_filters(documents: Documents, facts: Description, asked: Asked) -> list[FilterField]:
    """Return all filters that the filter menu offers."""
    return [
        await _field(documents, facts, one, asked)
        for name, one in facts.filters.items()
        if name != "id"
        and "." not in name
        and one.kind not in {"json", "sealed"}
        and (one.kind != "uuid" or one.target or asked.one(name))
    ]


async def _field(documents: Documents, facts: Description, one: FilterFacts, asked: Asked) -> FilterField:
    values = [value for value in asked.given.get(one.name, ()) if value]
    chosen: dict[str, str] = {}
    if one.kind == "uuid" and not one.target:
        return FilterField(
            name=one.name, label=humanise(one.name), kind="text", value=values[0] if values else ""
        )
    if one.kind == "uuid" and values:
        ids = [UUID(value) for value in values if _is_uuid(value)]
        names = await documents.names(one.target, ids)
        chosen = {str(held): names.get(held, str(held)) for held in ids}
    return FilterField(
        name=one.name,
        label=humanise(one.name.removesuffix("_at") if one.kind == "instant" else one.name),
        kind=one.kind,
        choices=[Choice(value, humanise(value), value in values) for value in one.choices],
        target=one.target,
        value=values[0] if values and one.kind not in {"choice", "uuid"} else "",
        chosen=chosen,
        since=asked.one(f"{one.name}.from"),
        until=asked.one(f"{one.name}.to"),
    )


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def related(found: Found, item: Item, name: str) -> Item | None:
    """Return the included record that a to-one relationship leads to."""
    held = item.one.get(name)
    return found.included.get(held) if held else None


def label_of(facts: Description, item: Item) -> str:
    """Return what people call a record."""
    for name in (facts.label, "name", "title", "label", "key", "address", "domain"):
        value = item.attributes.get(name) if name else None
        if value:
            return str(value)
    return f"{str(item.id)[:8]}"


__all__ = ["Asked", "Column", "Extra", "FilterField", "label_of", "list_data", "query_of", "related"]
