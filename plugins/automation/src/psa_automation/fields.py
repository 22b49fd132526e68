"""The fields that rules know of a resource: what its declaration says, its to-one neighbours, custom fields."""

from collections.abc import Mapping, Sequence

import msgspec

from psa_automation.api import Action, Anchor, Automatable, Occasion
from psa_automation.operators import EDGES, OPERATORS, FieldKind, wants
from psa_automation.questions import psa_automatable
from psa_sdk import Context
from psa_sdk.documents import AttributeFacts, Description, Documents, ValueKind
from psa_sdk.errors import NotFound

KINDS: Mapping[ValueKind, FieldKind] = {
    "text": "text",
    "choice": "choice",
    "integer": "number",
    "bigint": "number",
    "decimal": "number",
    "boolean": "boolean",
    "instant": "instant",
    "date": "date",
    "tags": "tags",
}
CUSTOM_KINDS: Mapping[str, FieldKind] = {
    "number": "number",
    "decimal": "number",
    "integer": "number",
    "boolean": "boolean",
    "date": "date",
    "datetime": "instant",
    "select": "choice",
    "choice": "choice",
    "multiselect": "tags",
    "choices": "tags",
}
CUSTOM = "custom_fields"


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """A field by its path: `priority`, `company.name`, `custom_fields.floor`, `note.by`."""

    path: str
    title: str
    kind: FieldKind
    choices: tuple[str, ...] = ()
    target: str = ""
    writable: bool = False
    group: str = ""
    """The relationship that leads to it, or the occasion that knows it; empty for the record's own."""
    occasions: tuple[str, ...] = ()
    """Those that it only exists with."""

    @property
    def operators(self) -> tuple[str, ...]:
        """What can be asked of it; edges only of the record's own fields."""
        edges = [] if self.group else [edge for edge in EDGES if self.kind != "tags" or edge == "changed"]
        return (*OPERATORS[self.kind], *edges)

    def wants(self) -> dict[str, str]:
        """Return what stands beside each operator."""
        return {operator: wants(self.kind, operator) for operator in self.operators}


class Catalogue(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that rules can say about a resource in a tenant."""

    resource: str
    title: str
    fields: Mapping[str, Field]
    relations: Mapping[str, str]
    """To-one relationships and the resources they lead to."""
    occasions: Mapping[str, Occasion]
    anchors: Mapping[str, Anchor]
    actions: Mapping[str, Action]
    living: Mapping[str, str]

    @property
    def kinds(self) -> dict[str, FieldKind]:
        """The fields' kinds by path."""
        return {path: field.kind for path, field in self.fields.items()}


def declared(ctx: Context) -> dict[str, Automatable]:
    """Return what the tenant's modules declare, by resource; several answers for one add up."""
    found: dict[str, Automatable] = {}
    for answer in ctx.ask(psa_automatable):
        known = found.get(answer.resource)
        if known is None:
            found[answer.resource] = answer
            continue
        found[answer.resource] = Automatable(
            resource=answer.resource,
            title=known.title or answer.title,
            occasions=known.occasions + answer.occasions,
            anchors=known.anchors + answer.anchors,
            actions=known.actions + answer.actions,
            living={**answer.living, **known.living},
        )
    return found


def titled(name: str) -> str:
    """Return a field's name for people.

    Example:
        >>> titled("last_customer_activity_at"), titled("assigned_to")
        ('Last customer activity', 'Assigned to')
    """
    return name.removesuffix("_at").replace("_", " ").capitalize()


def _attribute(facts: AttributeFacts, group: str) -> Field | None:
    kind = KINDS.get(facts.kind)
    if kind is None or facts.name.endswith("_html"):
        return None
    return Field(
        path=f"{group}.{facts.name}" if group else facts.name,
        title=titled(facts.name),
        kind=kind,
        choices=facts.choices,
        writable=facts.writable and not group,
        group=group,
    )


async def _of(documents: Documents, described: Description, group: str) -> list[Field]:
    found = [_attribute(facts, group) for facts in described.attributes.values()]
    fields = [field for field in found if field is not None]
    prefix = f"{group}." if group else ""
    fields += [
        Field(
            path=f"{prefix}{name}",
            title=titled(name),
            kind="reference",
            target=facts.target,
            writable=facts.writable and not group,
            group=group,
        )
        for name, facts in described.relations.items()
        if not facts.many
    ]
    if described.custom_fields:
        fields += [
            Field(
                path=f"{prefix}{CUSTOM}.{custom.key}",
                title=custom.label,
                kind=CUSTOM_KINDS.get(custom.kind, "text"),
                choices=tuple(option.get("value", "") for option in custom.options),
                writable=not group,
                group=group,
            )
            for custom in await documents.custom_fields(described.name)
        ]
    return fields


def _of_occasions(occasions: Sequence[Occasion]) -> list[Field]:
    """Return the fields that occasions bring; one that several bring stands with the first of them."""
    owners: dict[str, list[str]] = {}
    for occasion in occasions:
        for field in occasion.fields:
            owners.setdefault(field.name, []).append(occasion.name)
    declared = {field.name: field for occasion in reversed(occasions) for field in occasion.fields}
    return [
        Field(
            path=name,
            title=declared[name].title,
            kind=declared[name].kind,
            choices=declared[name].choices,
            group=names[0],
            occasions=tuple(names),
        )
        for name, names in owners.items()
    ]


async def catalogue(ctx: Context, resource: str, common: Sequence[Action]) -> Catalogue:
    """Return what rules can say about a resource; raises `NotFound` where nobody made it automatable."""
    known = declared(ctx).get(resource)
    if known is None:
        raise NotFound(f"There are no rules for {resource}.")
    documents = ctx.as_system().service(Documents)
    described = documents.describe(resource)
    fields = await _of(documents, described, "")
    relations = {name: facts.target for name, facts in described.relations.items() if not facts.many}
    for name, target in relations.items():
        try:
            fields += await _of(documents, documents.describe(target), name)
        except NotFound:
            continue
    fields += _of_occasions(known.occasions)
    return Catalogue(
        resource=resource,
        title=known.title or described.title,
        fields={field.path: field for field in fields},
        relations=relations,
        occasions={occasion.name: occasion for occasion in known.occasions},
        anchors={anchor.name: anchor for anchor in known.anchors},
        actions={action.name: action for action in (*common, *known.actions)},
        living=known.living,
    )
