"""The house that a battery inspects: a booted plugin in one tenancy, with records to look at."""

import re
from collections.abc import Mapping
from typing import Any, get_type_hints
from uuid import UUID

import httpx
import msgspec

from psa_sdk.manifest import Manifest
from psa_sdk.resources import Resource
from psa_sdk.routes import Route
from psa_sdk.tables import Column, new_id
from psa_sdk.testing import values
from psa_sdk.testing.client import JSON_API
from psa_sdk.testing.factories import Made
from psa_sdk.testing.installation import Bench, Endpoint, Installation, NotBooting, Tenancy
from psa_sdk.testing.kit import Kit

API = "/api/v1"
_PARAMETER = re.compile(r"\{(\w+)(?::(\w+))?\}")


class House:
    """A plugin in a booted installation, and what the checks share."""

    def __init__(self, battery: Any, kit: Kit) -> None:
        self.battery = battery
        self.kit = kit
        self.installation: Installation = kit.installation
        self.plugin: str = battery.plugin
        self.manifest: Manifest = self.installation.manifests[self.plugin]
        self.endpoints = [
            one
            for one in self.installation.endpoints
            if one.plugin == self.plugin and one.path.startswith(f"{API}/")
        ]
        self._records: dict[tuple[UUID, str], Made] = {}
        self._routes = {(route.method, f"{API}{route.path}"): route for route in self.manifest.routes}
        self._by_url = {one.url: name for name, one in reversed(tuple(self.installation.resources.items()))}
        self._structs: dict[tuple[str, str], type[msgspec.Struct] | None] = {}

    @property
    def resources(self) -> list[Resource]:
        """The plugin's resources."""
        return [self.installation.resources[one.name] for one in self.manifest.resources]

    async def record(self, resource: str, kit: Kit | None = None) -> Made:
        """Return a record of the tenant (or of another kit's), made once."""
        kit = kit or self.kit
        key = kit.tenant_id, resource
        if key not in self._records:
            self._records[key] = await kit.make(resource)
        return self._records[key]

    def route(self, endpoint: Endpoint) -> Route | None:
        """Return the declared route behind an endpoint, None for a resource's."""
        return self._routes.get((endpoint.method, endpoint.path))

    def resource_of(self, endpoint: Endpoint) -> str | None:
        """Return the resource whose id is the first parameter of a path."""
        return self._by_url.get(endpoint.path.removeprefix(API).partition("/{")[0])

    def path(self, endpoint: Endpoint, id: UUID) -> str:
        """Fill a path: the first uuid is `id`, the rest is made up."""
        given = [id]

        def fill(match: re.Match[str]) -> str:
            kind = match[2] or "str"
            if kind == "uuid":
                return str(given.pop() if given else new_id())
            return {"int": "1", "date": "2026-01-01"}.get(kind, "x")

        return _PARAMETER.sub(fill, endpoint.path)

    def body(self, endpoint: Endpoint, id: UUID) -> bytes | None:
        """Return a request body that an endpoint may take, naming `id` wherever an id is asked for."""
        if not _has_body(endpoint):
            return None
        if JSON_API not in endpoint.body_types:
            return b""
        if self.route(endpoint) is not None:
            kind = self.body_struct(endpoint)
            attributes = ids_as(_struct(kind), id) if kind is not None else {}
            return msgspec.json.encode({"data": {"attributes": attributes}})
        if "/relationships/" in endpoint.path:
            return msgspec.json.encode({"data": []})
        parts = endpoint.path.removeprefix(API).split("/")
        type_ = self.resource_of(endpoint) or parts[1]
        named = {"id": str(id)} if endpoint.method in {"PATCH", "PUT"} else {}
        return msgspec.json.encode({"data": {"type": type_, **named, "attributes": {}}})

    def body_struct(self, endpoint: Endpoint) -> type[msgspec.Struct] | None:
        """Return the struct that a declared route takes as its body."""
        key = endpoint.method, endpoint.path
        if key not in self._structs:
            route = self.route(endpoint)
            kind = get_type_hints(route.handle).get("body") if route is not None else None
            self._structs[key] = kind if isinstance(kind, type) else None
        return self._structs[key]

    def takes_document(self, endpoint: Endpoint) -> bool:
        """Tell whether an endpoint reads a JSON:API document."""
        if endpoint.method not in {"POST", "PATCH", "PUT"} or JSON_API not in endpoint.body_types:
            return False
        return self.body_struct(endpoint) is not None or self.route(endpoint) is None

    def headers(self, endpoint: Endpoint) -> dict[str, str]:
        """Return the headers with which an endpoint takes its body."""
        accept = {"Accept": endpoint.media_type} if endpoint.media_type else {}
        if not _has_body(endpoint):
            return accept
        kind = JSON_API if JSON_API in endpoint.body_types else endpoint.body_types[0]
        return accept | {"Content-Type": kind}


async def house_of(bench: Bench, battery: Any, tenancy: Tenancy) -> House | NotBooting:
    """Return the battery's house in a tenancy, made once per run; what kept it from booting otherwise."""
    key = battery, tenancy
    if key not in bench.kept:
        try:
            installed = await bench.install(tenancy, plugins=battery.plugins, modules=tuple(battery.modules))
            if battery.plugin not in installed.manifests:
                reason = installed.isolated.get(battery.plugin, "is not installed")
                raise NotBooting([f"{battery.plugin}: {reason}"])
            bench.kept[key] = House(battery, await Kit.open(installed, samples=battery.samples))
        except NotBooting as error:
            bench.kept[key] = error
    return bench.kept[key]


def _has_body(endpoint: Endpoint) -> bool:
    return endpoint.method not in {"GET", "DELETE"} or "/relationships/" in endpoint.path


def _struct(kind: type[msgspec.Struct]) -> dict[str, Any]:
    try:
        return values.struct(kind, 1, whole=True)
    except values.NoValue:
        return {}


def ids_as(value: Any, id: UUID) -> Any:
    """Return a document with every id in it replaced."""
    if isinstance(value, dict):
        return {name: ids_as(inner, id) for name, inner in value.items()}  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, list):
        return [ids_as(inner, id) for inner in value]  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, str) and value.startswith("00000000-0000-7000-8000-"):
        return str(id)
    return value


def seen(answer: httpx.Response, id: UUID) -> tuple[int, str]:
    """Return what a client learns from an answer, the id it asked with and the request's own left out."""
    text = answer.text.replace(str(id), "{id}")
    request = answer.headers.get("x-request-id", "")
    return answer.status_code, text.replace(request, "{request}") if request else text


def name_of(column: Column | str) -> str:
    """Return the name of a filter or sort."""
    return column if isinstance(column, str) else column._meta.name


def data_of(answer: httpx.Response) -> Mapping[str, Any]:
    """Return the primary data of an answer that must have succeeded."""
    assert answer.is_success, (
        f"{answer.request.method} {answer.request.url.path}: {answer.status_code} {answer.text}"
    )
    return answer.json()["data"]


def report(faults: list[str]) -> None:
    """Fail with all faults at once."""
    if faults:
        raise AssertionError("\n".join(["", *faults]))
