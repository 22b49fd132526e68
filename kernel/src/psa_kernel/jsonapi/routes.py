"""The routes of resources: what each has by its declaration, as Litestar handlers.

Besides the PRD's verbs each listed resource has `GET /<collection>.csv`, an export of what its list shows.
"""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response
from litestar.handlers import HTTPRouteHandler

from psa_kernel.http.endpoint import Endpoint
from psa_kernel.jsonapi import write
from psa_kernel.jsonapi.csv_export import CSV, export
from psa_kernel.jsonapi.documents import MEDIA_TYPE, pointer_bytes
from psa_kernel.jsonapi.entity_tags import accepted_versions, entity_tag, is_current
from psa_kernel.jsonapi.read import (
    get_document,
    linkage_document,
    list_document,
    related_document,
    relation_of,
    require_visible,
)
from psa_kernel.jsonapi.scopes import require
from psa_kernel.kernel import Kernel
from psa_kernel.registry import Registry
from psa_kernel.unit_of_work import Unit
from psa_sdk.errors import Forbidden, NotFound
from psa_sdk.resources import ManyToMany, Resource, ToMany, ToOne
from psa_sdk.routes import Method

API = "/api/v1"
_VARY = {"Vary": "Accept, Authorization, Cookie, X-Tenant"}
Handle = Callable[["Call"], Awaitable[Response[Any]]]


class Call(msgspec.Struct, frozen=True):
    """One request to a resource's route."""

    unit: Unit
    request: Request[Any, Any, Any]
    query: str

    @property
    def id(self) -> UUID:
        """The record's id in the path."""
        found: Any = self.request.scope["path_params"]["id"]
        return found

    def header(self, name: str) -> str | None:
        """Return a request header."""
        return self.request.headers.get(name)


def resource_handlers(kernel: Kernel) -> list[HTTPRouteHandler]:
    """Return the handlers of all resources."""
    found: list[HTTPRouteHandler] = []
    for name in kernel.registry.resources:
        found.extend(_Routes(kernel.registry, name).handlers())
    return found


class _Routes:
    """Makes the handlers of one resource."""

    def __init__(self, registry: Registry, name: str) -> None:
        self.registry = registry
        self.name = name
        self.resource: Resource = registry.resources[name]
        self.url = f"{API}{self.resource.url}"
        self.one = f"{self.url}/{{id:uuid}}"

    def handlers(self) -> list[HTTPRouteHandler]:
        verbs = self.resource.verbs
        found: list[HTTPRouteHandler] = []
        if "list" in verbs:
            found.append(self._handler("GET", self.url, self._list))
            found.append(self._handler("GET", f"{self.url}.csv", self._export, media_type=CSV, writes=True))
        if "create" in verbs:
            found.append(self._handler("POST", self.url, self._create, status=201))
        if "get" in verbs:
            found.append(self._handler("GET", self.one, self._get))
        if "update" in verbs:
            found.append(self._handler("PATCH", self.one, self._update))
            found.append(self._handler("PUT", self.one, self._replace))
        if "delete" in verbs:
            found.append(self._handler("DELETE", self.one, self._delete, status=204))
        if "get" in verbs:
            for relation in self.registry.relations(self.name):
                found.extend(self._relation(relation))
        return found

    def _handler(
        self,
        method: Method,
        path: str,
        handle: Handle,
        *,
        status: int = 200,
        media_type: str = MEDIA_TYPE,
        writes: bool = False,
    ) -> HTTPRouteHandler:
        async def handler(request: Request[Any, Any, Any]) -> Response[Any]:
            scope: Any = request.scope
            return await handle(Call(scope["psa.unit"], request, scope["query_string"].decode("latin-1")))

        endpoint = Endpoint(
            plugin=self.registry.resource_owner[self.name], media_type=media_type, writes=writes
        )
        return HTTPRouteHandler(
            path, http_method=method, status_code=200 if status == 204 else status, opt=endpoint.opt()
        )(handler)  # pyright: ignore[reportArgumentType]

    async def _list(self, call: Call) -> Response[bytes]:
        return _answer(await list_document(call.unit, self.name, call.query))

    async def _export(self, call: Call) -> Response[Any]:
        return await export(call.unit, self.name, call.query)

    async def _get(self, call: Call) -> Response[bytes]:
        document, version, whole = await get_document(call.unit, self.name, call.id, call.query)
        headers = {"ETag": entity_tag(version)}
        if whole and is_current(call.header("if-none-match"), version):
            return Response(b"", status_code=304, headers=_VARY | headers, media_type=MEDIA_TYPE)
        return _answer(document, headers=headers)

    async def _create(self, call: Call) -> Response[bytes]:
        return await self._created(call, self.name)

    async def _created(self, call: Call, name: str, parent: write.Parent | None = None) -> Response[bytes]:
        body = await call.request.body()
        made = await write.create(call.unit, name, body, parent=parent, shown=not call.query)
        location = f"{API}{self.registry.resources[name].url}/{made.id}"
        document, version = made.document, made.version
        try:
            if document is None:
                document, version, _ = await get_document(call.unit, name, made.id, call.query)
        except (Forbidden, NotFound):
            # Who may create and not read is told where it is, and no more.
            return _answer(pointer_bytes(name, made.id, location), 201, {"Location": location})
        return _answer(document, 201, {"Location": location, "ETag": entity_tag(version)})

    async def _update(self, call: Call) -> Response[bytes]:
        versions = accepted_versions(call.header("if-match"))
        await write.update(call.unit, self.name, call.id, await call.request.body(), versions=versions)
        return await self._updated(call)

    async def _replace(self, call: Call) -> Response[bytes]:
        versions = accepted_versions(call.header("if-match"))
        await write.replace(call.unit, self.name, call.id, await call.request.body(), versions=versions)
        return await self._updated(call)

    async def _updated(self, call: Call) -> Response[bytes]:
        try:
            document, version, _ = await get_document(call.unit, self.name, call.id, call.query)
        except NotFound:
            # The change took it out of the principal's own sight.
            return Response(b"", status_code=204, media_type=MEDIA_TYPE)
        return _answer(document, headers={"ETag": entity_tag(version)})

    async def _delete(self, call: Call) -> Response[bytes]:
        versions = accepted_versions(call.header("if-match"))
        await write.delete(call.unit, self.name, call.id, versions=versions)
        return Response(b"", status_code=204, media_type=MEDIA_TYPE)

    def _relation(self, relation: str) -> list[HTTPRouteHandler]:
        related, linkage = f"{self.one}/{relation}", f"{self.one}/relationships/{relation}"
        declared = self.registry.relations(self.name)[relation]

        async def read_related(call: Call) -> Response[bytes]:
            return _answer(await related_document(call.unit, self.name, call.id, relation, call.query))

        async def read_linkage(call: Call) -> Response[bytes]:
            return _answer(await linkage_document(call.unit, self.name, call.id, relation, call.query))

        async def replace(call: Call) -> Response[bytes]:
            relation_of(call.unit, self.name, relation)
            versions = accepted_versions(call.header("if-match"))
            body = await call.request.body()
            await write.replace_linkage(call.unit, self.name, call.id, relation, body, versions=versions)
            return Response(b"", status_code=204, media_type=MEDIA_TYPE)

        async def add(call: Call) -> Response[bytes]:
            await write.add_members(call.unit, self.name, call.id, relation, await call.request.body())
            return Response(b"", status_code=204, media_type=MEDIA_TYPE)

        async def remove(call: Call) -> Response[bytes]:
            await write.remove_members(call.unit, self.name, call.id, relation, await call.request.body())
            return Response(b"", status_code=204, media_type=MEDIA_TYPE)

        async def create_child(call: Call) -> Response[bytes]:
            shape, found = relation_of(call.unit, self.name, relation)
            require(call.unit, found.target, "create")
            await require_visible(call.unit, shape, call.id)
            return await self._created(call, found.target, write.Parent(self.name, call.id, relation))

        found = [self._handler("GET", related, read_related), self._handler("GET", linkage, read_linkage)]
        if "update" in self.resource.verbs and is_written_here(declared):
            found.append(self._handler("PATCH", linkage, replace, status=204))
            if not isinstance(declared, ToOne):
                found.append(self._handler("POST", linkage, add, status=204))
                found.append(self._handler("DELETE", linkage, remove, status=204))
        if isinstance(declared, ToMany) and declared.create:
            found.append(self._handler("POST", related, create_child, status=201))
        return found


def is_written_here(declared: Any) -> bool:
    """Tell whether a relationship is written at its own URL: this side must hold it."""
    if isinstance(declared, ToOne):
        return declared.writable
    return isinstance(declared, ManyToMany) or isinstance(getattr(declared, "relation", None), ManyToMany)


def _answer(document: bytes, status: int = 200, headers: dict[str, str] | None = None) -> Response[bytes]:
    return Response(document, status_code=status, headers=_VARY | (headers or {}), media_type=MEDIA_TYPE)
