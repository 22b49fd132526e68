"""The API from inside: `psa_sdk.documents.Documents` over the compiled reads and writes."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import UUID

import msgspec
from litestar import Request

from psa_kernel.jsonapi import write
from psa_kernel.jsonapi.describing import described
from psa_kernel.jsonapi.paths_inside import asked
from psa_kernel.jsonapi.read import count_records, get_document, list_document, related_document, relation_of
from psa_kernel.jsonapi.read import require_visible as visible_or_absent
from psa_kernel.jsonapi.scopes import disabled_plugins, require, shape_for
from psa_sdk.documents import CustomFieldFacts, Description, Found, Item, Query
from psa_sdk.errors import Forbidden, NotFound

if TYPE_CHECKING:
    from psa_kernel.unit_of_work import Unit

One = Mapping[str, tuple[str, UUID] | None]
Many = Mapping[str, Sequence[UUID]]
_NAMES = 100
"""The most ids of one look-up, which are a page."""


class UnitDocuments:
    """The API of one unit of work."""

    def __init__(self, ctx: object) -> None:
        """Bind to a unit of work."""
        self._unit = cast("Unit", ctx)

    def resources(self) -> Sequence[str]:
        """Return the names of the resources that the principal may list."""
        unit, registry = self._unit, self._unit.kernel.registry
        disabled = disabled_plugins(unit)
        portal = unit.principal.audience == "portal"
        return [
            name
            for name, resource in registry.resources.items()
            if "list" in resource.verbs
            and registry.resource_owner[name] not in disabled
            and (resource.portal is not None or not portal)
            and unit.principal.allows(registry.permission(name, "list"))
        ]

    def describe(self, resource: str) -> Description:
        """Describe a resource; raises `NotFound` where there is none for the principal."""
        registry = self._unit.kernel.registry
        if resource not in registry.resources or registry.resource_owner[resource] in disabled_plugins(
            self._unit
        ):
            raise NotFound(f"There is no resource {resource}.")
        return described(self._unit, resource)

    async def custom_fields(self, resource: str) -> Sequence[CustomFieldFacts]:
        """Return the fields that the tenant added, in the form's order."""
        declared = self._unit.kernel.registry.resources.get(resource)
        if declared is None or not declared.custom_fields:
            return ()
        rows = await self._unit.db.fetch(
            "SELECT key, label, kind, options::text AS options, required, help FROM psa.custom_field"
            " WHERE tenant_id = $1 AND resource = $2 AND archived_at IS NULL ORDER BY position, label, key",
            self._unit.tenant_id,
            resource,
        )
        return [
            CustomFieldFacts(
                key=row["key"],
                label=row["label"],
                kind=row["kind"],
                options=msgspec.json.decode(row["options"] or "[]") or (),
                required=row["required"],
                help=row["help"],
            )
            for row in rows
        ]

    async def find(self, resource: str, query: Query | None = None) -> Found:
        """Return a page of a list."""
        return _found(await list_document(self._unit, resource, urlencode(query or {})))

    async def one(self, resource: str, id: UUID, *, include: str = "") -> Found:
        """Return one record as the first item; raises `NotFound`."""
        raw = urlencode({"include": include}) if include else ""
        document, version, _ = await get_document(self._unit, resource, id, raw)
        return msgspec.structs.replace(_found(document), version=version)

    async def related(self, resource: str, id: UUID, relation: str, query: Query | None = None) -> Found:
        """Return the records that a relationship leads to."""
        return _found(await related_document(self._unit, resource, id, relation, urlencode(query or {})))

    async def count(self, resource: str, query: Query | None = None, *, most: int = 10_000) -> int:
        """Count what a filter selects, up to `most`."""
        return await count_records(self._unit, resource, urlencode(query or {}), most=most)

    async def names(self, resource: str, ids: Sequence[UUID]) -> Mapping[UUID, str]:
        """Return what people call records, of those that the principal sees."""
        wanted = list(dict.fromkeys(ids))[:_NAMES]
        try:
            require(self._unit, resource, "list")
        except (Forbidden, NotFound):
            return {}
        label = self.describe(resource).label
        if not wanted or not label:
            return {}
        query = {
            "filter[id][in]": ",".join(map(str, wanted)),
            f"fields[{resource}]": label,
            "page[size]": str(_NAMES),
        }
        if self._unit.kernel.registry.resources[resource].archive is not None:
            query["filter[archived]"] = "any"
        found = await self.find(resource, query)
        return {item.id: str(item.attributes.get(label) or "") for item in found.items}

    async def create(
        self,
        resource: str,
        attributes: Mapping[str, Any],
        *,
        one: One | None = None,
        many: Many | None = None,
        parent: tuple[str, UUID, str] | None = None,
    ) -> UUID:
        """Create a record; raises `Invalid` with all faults."""
        require(self._unit, resource, "create")
        data = self._object(resource, attributes, one, many)
        if parent is None:
            return (await write.create_from(self._unit, resource, data)).id
        above = write.Parent(*parent)
        shape, _ = relation_of(self._unit, above.resource, above.relation)
        await visible_or_absent(self._unit, shape, above.id)
        return (await write.create_from(self._unit, resource, data, parent=above)).id

    async def update(
        self,
        resource: str,
        id: UUID,
        attributes: Mapping[str, Any],
        *,
        one: One | None = None,
        many: Many | None = None,
        version: int | None = None,
    ) -> int:
        """Change what is named and return the version."""
        require(self._unit, resource, "update")
        data = {**self._object(resource, attributes, one, many), "id": str(id)}
        versions = None if version is None else (version,)
        return await write.update_from(self._unit, resource, id, data, versions=versions)

    async def delete(self, resource: str, id: UUID, *, version: int | None = None) -> None:
        """Delete or archive a record."""
        await write.delete(self._unit, resource, id, versions=None if version is None else (version,))

    async def call(
        self,
        method: str,
        path: str,
        *,
        query: Query | None = None,
        body: Mapping[str, Any] | None = None,
        request: Request[Any, Any, Any] | None = None,
    ) -> Any:
        """Ask a declared route below `/api/v1`, permission first, in this unit of work."""
        return await asked(self._unit, method, path, query or {}, body, request)

    def _object(
        self, resource: str, attributes: Mapping[str, Any], one: One | None, many: Many | None
    ) -> dict[str, Any]:
        shape = shape_for(self._unit, resource)
        linkage: dict[str, Any] = {
            name: {"data": None if held is None else {"type": held[0], "id": str(held[1])}}
            for name, held in (one or {}).items()
        }
        for name, ids in (many or {}).items():
            target = shape.relations[name].target
            linkage[name] = {"data": [{"type": target, "id": str(member)} for member in ids]}
        return {"type": resource, "attributes": dict(attributes), "relationships": linkage}


class _Reference(msgspec.Struct):
    type: str
    id: UUID


class _Linkage(msgspec.Struct):
    data: _Reference | list[_Reference] | msgspec.UnsetType | None = msgspec.UNSET


class _Object(msgspec.Struct):
    type: str
    id: UUID
    attributes: dict[str, Any] = {}
    relationships: dict[str, _Linkage] = {}


class _Document(msgspec.Struct):
    data: list[_Object] | _Object | None
    included: list[_Object] = []
    links: dict[str, str | None] = {}
    meta: dict[str, Any] = {}


_decoder = msgspec.json.Decoder(_Document)


def _found(document: bytes) -> Found:
    read = _decoder.decode(document)
    data = read.data if isinstance(read.data, list) else [] if read.data is None else [read.data]
    page: dict[str, Any] = read.meta.get("page", {})
    return Found(
        items=[_item(found) for found in data],
        included={(found.type, found.id): _item(found) for found in read.included},
        next=_cursor(read.links.get("next"), "after"),
        previous=_cursor(read.links.get("prev"), "before"),
        total=page.get("total"),
        estimated=bool(page.get("estimated")),
    )


def _item(found: _Object) -> Item:
    one: dict[str, tuple[str, UUID] | None] = {}
    many: dict[str, Sequence[UUID]] = {}
    for name, linkage in found.relationships.items():
        if isinstance(linkage.data, list):
            many[name] = [reference.id for reference in linkage.data]
        elif linkage.data is None:
            one[name] = None
        elif isinstance(linkage.data, _Reference):
            one[name] = (linkage.data.type, linkage.data.id)
    return Item(type=found.type, id=found.id, attributes=found.attributes, one=one, many=many)


def _cursor(link: str | None, direction: str) -> str:
    return parse_qs(urlsplit(link).query).get(f"page[{direction}]", [""])[0] if link else ""
