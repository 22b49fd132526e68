"""Views: how a resource looks on its pages, from what its plugin says and from its declaration for the rest."""

from collections.abc import Mapping, Sequence
from typing import Final, Literal

import msgspec

from psa_sdk.documents import AttributeFacts, Description
from psa_sdk.ui import ResourceView
from psa_web.formatting import humanise
from psa_web.site import Site

Shown = Literal[
    "title", "id", "ref", "person", "state", "flag", "number", "when", "day", "tags", "text", "foreign"
]
_MOST_COLUMNS: Final = 6
_UNSHOWN: Final = frozenset(("json", "sealed", "uuid"))
_DULL: Final = frozenset(
    (
        "custom_fields",
        "archived_at",
        "external_id",
        "timezone",
        "locale",
        "notes",
        "description",
        "content",
        "sort_order",
    )
)


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """A column of a list; `on` is its place in a phone's two lines, `low` ones go first when it gets narrow."""

    name: str
    title: str
    shown: Shown
    on: str = ""
    sort: str = ""
    low: bool = False
    template: str = ""
    """Draws the cells, where the plugin does."""
    sign: bool = False


class View(msgspec.Struct, frozen=True, kw_only=True):
    """How a resource looks; `path` is below the shell's prefix."""

    resource: str
    path: str
    title: str
    singular: str
    icon: str
    slot: str
    """What slots of its pages begin with: `company` for `company.side`."""
    columns: Sequence[Column]
    tones: Mapping[str, str]
    icons: Mapping[str, str]
    summary: Sequence[str]
    hidden: frozenset[str]
    fields: Sequence[str]
    list_template: str
    record_template: str


def singular_of(name: str) -> str:
    """Return one of many.

    Example:
        >>> singular_of("companies"), singular_of("ticket-statuses"), singular_of("mailboxes"), singular_of("api-keys")
        ('company', 'ticket-status', 'mailbox', 'api-key')
    """
    for ending, single in (("ies", "y"), ("sses", "ss"), ("uses", "us"), ("xes", "x"), ("s", "")):
        if name.endswith(ending):
            return name.removesuffix(ending) + single
    return name


def view_of(site: Site, facts: Description) -> View:
    """Return how a resource looks to those who see these facts of it."""
    said = site.views.get(facts.name) or ResourceView(resource=facts.name)
    hidden = frozenset(said.hidden)
    names = said.columns or _columns(facts, hidden)
    present = [name for name in names if name in facts.attributes or name in facts.relations]
    return View(
        resource=facts.name,
        path=site.installation.resources[facts.name].url,
        title=facts.title,
        singular=said.singular or humanise(singular_of(facts.name)),
        icon=said.icon or "square-dashed",
        slot=singular_of(facts.name),
        columns=_placed(
            [
                msgspec.structs.replace(
                    _column(facts, name), template=said.cells.get(name, ""), sign=name in said.signs
                )
                for name in present
            ]
        ),
        tones=said.tones,
        icons=said.icons,
        summary=[name for name in said.summary if name in facts.attributes or name in facts.relations]
        or [
            column.name
            for column in (_column(facts, name) for name in present)
            if column.shown in {"state", "ref", "person"}
        ][:4],
        hidden=hidden,
        fields=said.fields,
        list_template=said.list_template,
        record_template=said.record_template,
    )


def is_text(facts: AttributeFacts) -> bool:
    """Tell whether an attribute is prose rather than a line."""
    parts = [facts.schema, *facts.schema.get("anyOf", ())]
    return facts.kind == "text" and any(part.get("maxLength", 0) > 800 for part in parts)


def _columns(facts: Description, hidden: frozenset[str]) -> list[str]:
    """Choose what is worth a column: the name, what it belongs to, states, then plain values."""

    def worth(kinds: frozenset[str]) -> list[str]:
        return [
            name
            for name, one in facts.attributes.items()
            if one.kind in kinds
            and name not in _DULL
            and name not in hidden
            and name != facts.label
            and not name.endswith(("_html", "_id"))
            and not is_text(one)
        ]

    first = [facts.label] if facts.label else worth(frozenset(("text",)))[:1]
    references = [
        name
        for name, relation in facts.relations.items()
        if not relation.many and name not in hidden and not name.endswith(("_into", "_of", "parent"))
    ]
    states = worth(frozenset(("choice",)))
    rest = [
        name
        for name in worth(frozenset(("text", "integer", "bigint", "decimal", "date", "boolean", "tags")))
        if name not in first
    ]
    changed = [name for name in ("updated_at", "occurred_at", "created_at") if name in facts.attributes][:1]
    room = _MOST_COLUMNS - len(first) - len(changed)
    chosen = [*references[:2], *states[:1], *rest, *references[2:], *states[1:]]
    return [*first, *chosen[:room], *changed]


def _column(facts: Description, name: str) -> Column:
    shown = shown_as(facts, name)
    sort = name if name in facts.sorts else ""
    title = "Number" if shown == "id" else humanise(name.removesuffix("_at") if shown == "when" else name)
    return Column(name=name, title=title, shown=shown, sort=sort)


def shown_as(facts: Description, name: str) -> Shown:
    """Return in which way a value is shown."""
    relation = facts.relations.get(name)
    if relation is not None:
        return "person" if relation.target == "users" else "ref"
    if name == facts.label:
        return "title"
    if name.endswith("_number") or name == "number":
        return "id"
    kinds: dict[str, Shown] = {
        "choice": "state",
        "boolean": "flag",
        "integer": "number",
        "bigint": "number",
        "decimal": "number",
        "instant": "when",
        "date": "day",
        "tags": "tags",
    }
    return kinds.get(facts.attributes[name].kind, "text")


def _told(column: Column) -> tuple[str, ...]:
    """Return as what a column may stand on a phone: a reference to a status is a state."""
    return ("state",) if column.shown == "ref" and column.name in {"status", "state"} else (column.shown,)


def _placed(columns: Sequence[Column]) -> list[Column]:
    """Give the columns their places on a phone."""
    wanted: list[tuple[str, tuple[str, ...]]] = [
        ("sign", ("sign",)),
        ("title", ("title", "first")),
        ("second", ("ref", "text", "person", "number")),
        ("state", ("state", "ref", "flag")),
        ("when", ("when", "day")),
    ]
    first = next((column.name for column in columns if not column.sign), "")
    said = {
        c.name: ("sign",) if c.sign else _told(c) + (("first",) if c.name == first else ()) for c in columns
    }
    places: dict[str, str] = {}
    for place, kinds in wanted:
        name = next(
            (c.name for kind in kinds for c in columns if kind in said[c.name] and c.name not in places), None
        )
        if name:
            places[name] = place
    return [
        msgspec.structs.replace(
            column, on=places.get(column.name, ""), low=index >= 5 and column.name not in places
        )
        for index, column in enumerate(columns)
    ]


def editable(facts: Description, view: View) -> frozenset[str]:
    """Return what of a record the principal may change by itself: no groups, no structures."""
    if "update" not in facts.verbs:
        return frozenset()
    plain = {
        name
        for name, about in facts.attributes.items()
        if about.writable and about.kind not in {"json", "sealed"}
    }
    linked = {name for name, relation in facts.relations.items() if relation.writable and not relation.many}
    return frozenset(plain | linked) - view.hidden
