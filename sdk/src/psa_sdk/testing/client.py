"""A client of the API: speaks to the application in this process as one principal."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias
from uuid import UUID

import httpx
import msgspec

from psa_sdk.testing.asgi import answer_of
from psa_sdk.testing.installation import Installation, Person
from psa_sdk.testing.jsonapi import check_document

JSON_API = "application/vnd.api+json"
API = "/api/v1"
_HERE = "http://localhost"
Target: TypeAlias = UUID | Sequence[UUID] | tuple[str, UUID] | None


class Client:
    """Sends requests as a person, or as nobody; paths are below `/api/v1` unless they begin with it.

    Every JSON:API answer is checked against the specification; the answers are httpx's.
    """

    def __init__(self, installation: Installation, person: Person | None = None, *, tenant: str = "") -> None:
        """Speak as a person; `tenant` is the slug that an anonymous request names."""
        self.installation = installation
        self.person = person
        self._tenant = tenant

    async def account_id(self) -> UUID:
        """Return the id of the account behind this client."""
        assert self.person is not None, "Nobody is logged in."
        return await self.installation.account(self.person)

    async def request(
        self,
        method: str,
        path: str,
        *,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        **query: Any,
    ) -> httpx.Response:
        """Send a request as it is; query parameters as keywords or in `params`."""
        sent = {"Accept": JSON_API, **(headers or {})}
        if self.person is not None:
            sent.setdefault("Authorization", f"Bearer {await self.installation.credential(self.person)}")
        elif self._tenant:
            sent.setdefault("X-Tenant", self._tenant)
        if content is not None:
            sent.setdefault("Content-Type", JSON_API)
        parameters = {**query.pop("params", {}), **query}
        if not path.startswith("http:"):
            rooted = path.startswith(("/api/", "/health", "/metrics"))
            path = f"{_HERE}{path}" if rooted else f"{_HERE}{API}{path}"
        request = httpx.Request(method, path, content=content, headers=sent, params=parameters or None)
        answer = await answer_of(self.installation.app, request)
        if answer.headers.get("content-type", "").startswith(JSON_API) and answer.content:
            problems = check_document(msgspec.json.decode(answer.content))
            assert not problems, f"{method} {path} answers no JSON:API document: {problems}"
        return answer

    async def get(self, path: str, **options: Any) -> httpx.Response:
        """Read: `await client.get("/tickets", params={"page[size]": 5})`."""
        return await self.request("GET", path, **options)

    async def post(
        self,
        path: str,
        attributes: Mapping[str, Any] | None = None,
        relationships: Mapping[str, Target] | None = None,
        *,
        type: str = "",
        **options: Any,
    ) -> httpx.Response:
        """Create, or call an action; `type` is the path's last part unless given."""
        named = type or path.rstrip("/").rsplit("/", 1)[-1]
        content = document(named, attributes, relationships, self.installation)
        return await self.request("POST", path, content=content, **options)

    async def patch(
        self,
        path: str,
        attributes: Mapping[str, Any] | None = None,
        relationships: Mapping[str, Target] | None = None,
        **options: Any,
    ) -> httpx.Response:
        """Change some of a record; the path is `/<type>/<id>`."""
        return await self._change("PATCH", path, attributes, relationships, options)

    async def put(
        self,
        path: str,
        attributes: Mapping[str, Any] | None = None,
        relationships: Mapping[str, Target] | None = None,
        **options: Any,
    ) -> httpx.Response:
        """Replace a record; the path is `/<type>/<id>`."""
        return await self._change("PUT", path, attributes, relationships, options)

    async def delete(self, path: str, **options: Any) -> httpx.Response:
        """Delete."""
        return await self.request("DELETE", path, **options)

    async def _change(
        self,
        method: str,
        path: str,
        attributes: Mapping[str, Any] | None,
        relationships: Mapping[str, Target] | None,
        options: dict[str, Any],
    ) -> httpx.Response:
        type_, _, id_ = path.strip("/").rpartition("/")
        type_ = options.pop("type", "") or type_.rsplit("/", 1)[-1]
        content = document(type_, attributes, relationships, self.installation, id=id_)
        return await self.request(method, path, content=content, **options)


def document(
    type: str,
    attributes: Mapping[str, Any] | None,
    relationships: Mapping[str, Target] | None,
    installation: Installation,
    *,
    id: str = "",
) -> bytes:
    """Return the text of a request document; relationships are ids, lists of ids, or (type, id) for a subject."""
    data: dict[str, Any] = {"type": type} | ({"id": id} if id else {})
    if attributes:
        data["attributes"] = dict(attributes)
    if relationships:
        related = installation.relations(type)
        data["relationships"] = {
            name: {"data": _linkage(target, related[name].target if name in related else "")}
            for name, target in relationships.items()
        }
    return msgspec.json.encode({"data": data})


def _linkage(target: Target, type: str) -> Any:
    if target is None:
        return None
    if isinstance(target, UUID):
        return {"type": type, "id": str(target)}
    if isinstance(target, tuple):
        return {"type": str(target[0]), "id": str(target[1])}
    return [{"type": type, "id": str(one)} for one in target]
