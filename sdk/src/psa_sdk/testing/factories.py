"""Factories: a valid record of any installed resource, with everything that it needs, from its declaration."""

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias
from uuid import UUID

import msgspec

from psa_sdk.resources import Resource, ToMany
from psa_sdk.tables import Choice, Column, Ref, Sealed, Tags
from psa_sdk.testing import values
from psa_sdk.testing.client import document

if TYPE_CHECKING:
    from psa_sdk.testing.kit import Kit

Sample: TypeAlias = Mapping[str, Any] | Callable[["Kit", dict[str, Any]], Awaitable[UUID]]
"""How to make a record where its declaration doesn't suffice: attributes and relationships by name (a
function among them is called with the number of the record), or a function that makes it and returns its id."""
_SERVER_OWNED = frozenset(("id", "tenant_id", "created_at", "updated_at", "version"))


class Made(msgspec.Struct, frozen=True):
    """A record that a factory made."""

    type: str
    id: UUID


class Factory:
    """Makes records of a kit's tenant: `await kit.make("sites", name="Head office", company=company.id)`.

    Required attributes and relationships that aren't given are filled in. Where the API has no POST, the
    row is written by the system.
    """

    def __init__(self, kit: "Kit", samples: Mapping[str, Sample]) -> None:
        """Use these samples by resource."""
        self._kit = kit
        self._samples = dict(samples)
        self._parents: dict[str, UUID] = {}

    async def __call__(self, resource: str, /, **given: Any) -> Made:
        """Make a record; attributes and relationships (ids) by name, `subject=(type, id)` where it has one."""
        declared = self._kit.installation.resources[resource]
        sample = self._samples.get(resource, {})
        if callable(sample):
            return Made(resource, await sample(self._kit, given))
        if "create" not in declared.verbs or declared.write is None:
            return Made(resource, await self._row(declared, {**sample, **given}))
        text = await self.document(resource, **given)
        admin = await self._kit.admin()
        answer = await admin.request("POST", declared.url, content=text)
        if answer.status_code != 201:
            raise AssertionError(
                f"No {resource} could be made, give it in samples: POST {declared.url} with {text.decode()} "
                f"answers {answer.status_code} {answer.text}"
            )
        return Made(resource, UUID(answer.json()["data"]["id"]))

    async def document(self, resource: str, /, **given: Any) -> bytes:
        """Return the document that would make a record."""
        attributes, relationships = await self.parts(resource, **given)
        return document(resource, attributes, relationships, self._kit.installation)

    async def parts(self, resource: str, /, **given: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the attributes and relationships that would make a record."""
        declared = self._kit.installation.resources[resource]
        related = self._kit.installation.relations(resource)
        sample = self._samples.get(resource, {})
        n = self._kit.number()
        given = {**({} if callable(sample) else self.sampled(sample, n)), **given}
        relationships = {
            name: given.pop(name) for name in list(given) if name in related or name == "subject"
        }
        for name, relation in related.items():
            if relation.kind == "to_one" and relation.writable and name not in relationships:
                column = relation.column
                if relation.required or (column is not None and _needed(column)):
                    relationships[name] = await self.parent(relation.target)
        if declared.subject is not None and "subject" not in relationships:
            relationships["subject"] = await self._subject(resource)
        fields = msgspec.structs.fields(declared.write) if declared.write else ()
        attributes = {
            field.encode_name: values.value(field.type, field.encode_name, n)
            for field in fields
            if field.required and field.encode_name not in given
        }
        return attributes | given, relationships

    def sampled(self, sample: Mapping[str, Any], n: int) -> dict[str, Any]:
        """Return a sample with its functions called."""
        return {name: given(n) if callable(given) else given for name, given in sample.items()}

    def sample(self, resource: str) -> Mapping[str, Any]:
        """Return the sample values of a resource, none where a function makes it."""
        found = self._samples.get(resource, {})
        return {} if callable(found) else found

    async def parent(self, resource: str) -> UUID:
        """Return a record that others refer to, made once."""
        if resource in {"users", "groups"} and resource not in self._parents:
            self._parents["users"] = await (await self._kit.admin()).account_id()
        if resource not in self._parents:
            self._parents[resource] = (await self(resource)).id
        return self._parents[resource]

    async def _subject(self, resource: str) -> tuple[str, UUID]:
        kinds = subject_kinds(self._kit.installation.resources, resource)
        if not kinds:
            raise AssertionError(
                f"{resource} hangs on other records, and no installed resource can carry it."
            )
        return kinds[0], await self.parent(kinds[0])

    async def _row(self, resource: Resource, given: dict[str, Any]) -> UUID:
        n, row = self._kit.number(), dict[str, Any]()
        related = self._kit.installation.relations(resource.name)
        for name, target in given.items():
            column = related[name].column if name in related else None
            if name == "subject" and resource.subject is not None:
                row[resource.subject.kind._meta.name] = target[0]
                row[resource.subject.id._meta.name] = target[1]
            else:
                row[column._meta.name if column is not None else name] = (
                    target(n) if callable(target) else target
                )
        if resource.subject is not None and resource.subject.id._meta.name not in row:
            kind, held = await self._subject(resource.name)
            row |= {resource.subject.kind._meta.name: kind, resource.subject.id._meta.name: held}
        for column in resource.table._meta.columns:
            name = column._meta.name
            if name not in row and name not in _SERVER_OWNED and _needed(column):
                row[name] = await self._cell(column, n)
        async with self._kit.unit() as unit:
            return await unit.records.create(resource.name, row)

    async def _cell(self, column: Column, n: int) -> Any:
        name = column._meta.name
        if isinstance(column, Ref):
            return await self.parent(column.target)
        if isinstance(column, Choice):
            return column.allowed[n % len(column.allowed)]
        if isinstance(column, Tags):
            return []
        if isinstance(column, Sealed):
            return f"secret {n}"
        kind: Any = column.value_type
        if kind is str:
            return values.value(dict if column.column_type == "JSONB" else str, name, n)
        return msgspec.convert(values.value(kind, name, n), kind, strict=False)


def subject_kinds(resources: Mapping[str, Resource], name: str) -> list[str]:
    """Return the resources whose records a subject resource can hang on, those that anyone can make first."""
    kinds = [
        resource.name
        for resource in resources.values()
        if any(
            isinstance(relation, ToMany) and relation.target == name and relation.column is None
            for relation in resource.relations
        )
    ]
    return sorted(kinds, key=lambda kind: ("create" not in resources[kind].verbs, kind != "companies"))


def _needed(column: Column) -> bool:
    """Tell whether a row must bring a column's value."""
    return not column._meta.null and getattr(column, "default", None) is None
