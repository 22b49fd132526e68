"""A record's page: its values, what it belongs to, what belongs to it, what happened to it."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import msgspec

from psa_sdk.documents import (
    AttributeFacts,
    CustomFieldFacts,
    Description,
    Documents,
    Found,
    Item,
    RelationFacts,
)
from psa_sdk.errors import Forbidden, NotFound
from psa_sdk.ui import BulkAction, Panel
from psa_web.formatting import humanise
from psa_web.here import Here
from psa_web.records.lists import Asked, extras, label_of, query_of
from psa_web.records.views import View, editable, is_text, shown_as, view_of
from psa_web.slots import fill, gathered

_STAMPS: Final = frozenset(("created_at", "updated_at", "archived_at"))
_RELATED_ROWS: Final = 25
_STEPS: Final = 50


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """A value with its name and the way it is shown."""

    name: str
    label: str
    shown: str
    value: Any
    target: str = ""
    id: UUID | None = None


class Tab(msgspec.Struct, frozen=True, kw_only=True):
    """A tab of a record's page."""

    id: str
    label: str
    count: int | None = None


async def page_data(place: Here, resource: str, id: UUID, tab: str) -> dict[str, Any]:
    """Return what the record's template shows."""
    documents = place.ctx.service(Documents)
    facts = documents.describe(resource)
    view = view_of(place.site, facts)
    found = await documents.one(resource, id, include=readable(documents, facts))
    item = found.items[0]
    label = label_of(facts, item)
    panels = {
        panel.id: panel
        for panel in place.site.shown("panels", Panel, place)
        if panel.slot == f"{view.slot}.tabs"
    }
    tabs = await _tabs(documents, facts, view, id, list(panels.values()))
    tab = tab if any(one.id == tab for one in tabs) else ""
    data: dict[str, Any] = {
        "title": label,
        "label": label,
        "facts": facts,
        "view": view,
        "found": found,
        "item": item,
        "tabs": tabs,
        "tab": tab,
        "version": found.version,
        "editable": editable(facts, view),
        "references": references(facts, found, item, view),
        "filled": None,
        "verbs": [
            verb
            for verb in place.site.shown("bulk", BulkAction, place)
            if verb.resource == resource and verb.single
        ],
        "slots": await gathered(place, (f"{view.slot}.header", f"{view.slot}.side", f"{view.slot}.main"), id),
    }
    if tab == "activity":
        return {**data, "steps": await _steps(documents, place, view, id)}
    if tab in panels:
        return {**data, "filled": await fill(place, panels[tab], id, now=True)}
    if tab:
        return {**data, "members": await _members(place, documents, facts.relations[tab], id, resource)}
    plain, prose = values(facts, item, view)
    custom = await documents.custom_fields(resource) if facts.custom_fields else ()
    return {**data, "values": plain, "prose": prose, "custom": _custom(custom, item)}


def readable(documents: Documents, facts: Description) -> str:
    """Return the to-one relationships whose targets may be read, to include."""
    open_ones = frozenset(documents.resources())
    return ",".join(
        name
        for name, relation in facts.relations.items()
        if not relation.many and relation.target in open_ones
    )


def values(facts: Description, item: Item, view: View) -> tuple[list[Fact], list[Fact]]:
    """Return the filled attributes, the short ones and the prose."""
    plain: list[Fact] = []
    prose: list[Fact] = []
    for name, about in facts.attributes.items():
        value = item.attributes.get(name)
        if value in (None, "", [], {}) or name in view.hidden or name in _STAMPS:
            continue
        if name in {facts.label, "custom_fields"} or f"{name}_html" in facts.attributes.keys() - view.hidden:
            continue
        if name.endswith("_html") or is_text(about):
            prose.append(
                Fact(name=name, label=humanise(name.removesuffix("_html")), shown="prose", value=value)
            )
        else:
            plain.append(
                Fact(name=name, label=humanise(name), shown=_shown(facts, about, value), value=value)
            )
    return plain, prose


def _shown(facts: Description, about: AttributeFacts, value: Any) -> str:
    if isinstance(value, Mapping):
        return "address" if "city" in value or "street" in value or "country" in value else "json"
    if isinstance(value, list) and about.kind == "json":
        return "json"
    if about.name in {"email", "website", "phone", "mobile"}:
        return "link"
    return shown_as(facts, about.name)


def references(facts: Description, found: Found, item: Item, view: View) -> list[Fact]:
    """Return the records that a record belongs to."""
    from psa_web.records.lists import related

    shown: list[Fact] = []
    for name, relation in facts.relations.items():
        target = related(found, item, name)
        if relation.many or target is None or name in view.hidden:
            continue
        shown.append(
            Fact(
                name=name,
                label=humanise(name),
                shown=shown_as(facts, name),
                value=target,
                target=relation.target,
                id=target.id,
            )
        )
    return shown


def _custom(fields: Sequence[CustomFieldFacts], item: Item) -> list[Fact]:
    held: Mapping[str, Any] = item.attributes.get("custom_fields") or {}
    shown: list[Fact] = []
    for field in fields:
        value = held.get(field.key)
        if value in (None, "", []):
            continue
        labels = {option["id"]: option["label"] for option in field.options}
        if isinstance(value, list):
            value = [labels.get(str(one), str(one)) for one in value]
        kinds = {"boolean": "flag", "date": "day", "number": "number", "url": "link", "multi_select": "tags"}
        shown.append(
            Fact(
                name=field.key,
                label=field.label,
                shown=kinds.get(field.kind, "text"),
                value=labels.get(str(value), value) if not isinstance(value, list) else value,
            )
        )
    return shown


async def _tabs(
    documents: Documents, facts: Description, view: View, id: UUID, panels: Sequence[Panel]
) -> list[Tab]:
    open_ones = frozenset(documents.resources())
    tabs = [Tab(id="", label="Overview")]
    for name, relation in facts.relations.items():
        if relation.many and relation.target in open_ones and name not in view.hidden:
            tabs.append(Tab(id=name, label=humanise(name), count=await _count(documents, relation, id)))
    tabs += [Tab(id=panel.id, label=panel.title) for panel in panels]
    return [*tabs, Tab(id="activity", label="Activity")]


async def _count(documents: Documents, relation: RelationFacts, id: UUID) -> int | None:
    """Count a relationship's members where its target can be filtered by it."""
    if not relation.backed_by or relation.backed_by not in documents.describe(relation.target).filters:
        return None
    return await documents.count(relation.target, {f"filter[{relation.backed_by}]": str(id)})


async def _members(
    place: Here, documents: Documents, relation: RelationFacts, id: UUID, resource: str
) -> dict[str, Any]:
    facts = documents.describe(relation.target)
    view = view_of(place.site, facts)
    shown = [column for column in view.columns if column.name != relation.backed_by]
    view = msgspec.structs.replace(view, columns=shown)
    query = query_of(facts, view, Asked({}), rows=_RELATED_ROWS)
    found = await documents.related(resource, id, relation.name, query)
    return {
        "relation": relation,
        "facts": facts,
        "view": view,
        "found": found,
        "rows": found.items,
        "extras": await extras(place, relation.target, [item.id for item in found.items]),
    }


async def _steps(documents: Documents, place: Here, view: View, id: UUID) -> Sequence[Any]:
    try:
        answer = await documents.call("GET", f"{view.path}/{id}/activity", query={"page[size]": str(_STEPS)})
    except (Forbidden, NotFound):
        return ()
    return [step.attributes for step in answer.items]
