"""What is done at each endpoint of the protocol (RFC 7644 3); `routes` says where they are."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Response
from pydantic import ValidationError
from scim2_models import Context as Phase
from scim2_models import Error, ResponseParameters, SCIMException

from psa_scim import bodies, collectives, discovery, faults, people, reading
from psa_scim.answers import Told, answer, refusal, told_of
from psa_scim.api import PROVIDERS
from psa_scim.preconditions import named, require_current
from psa_scim.reading import GROUPS, USERS, Kind
from psa_scim.routes import AT
from psa_sdk import Context
from psa_sdk.context import Row
from psa_sdk.errors import NotFound, Problem
from psa_sdk.routes import Method
from psa_sdk.web import Browser, WebRequest


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """A request of a provider; `ctx` acts in its name."""

    ctx: Context
    provider: UUID
    request: WebRequest
    body: bytes
    base: str

    @property
    def id(self) -> UUID:
        """The resource's id in the path; raises `NotFound` for what can't be one."""
        try:
            return UUID(self.request.path_params["id"])
        except ValueError as error:
            raise NotFound(f"There is no resource {self.request.path_params['id']}.") from error

    async def locked(self) -> Row:
        """Return the provider's row; its writes come one after another from here on."""
        await self.ctx.db.lock("scim", self.provider)
        return await self.ctx.records.get(PROVIDERS, self.provider)


Work = Callable[[Call], Awaitable[Response[bytes]]]


async def serve(ctx: Context, request: WebRequest, method: Method, path: str) -> Response[bytes]:
    """Answer a provider. A write that is refused leaves a fault behind, for its administrator."""
    body = await request.body()
    call = Call(
        ctx=ctx.as_automation(ctx.principal.id, ctx.principal.label),
        provider=ctx.principal.id,
        request=request,
        body=body,
        base=f"{ctx.service(Browser).origin(request)}{AT}",
    )
    try:
        async with ctx.savepoint():
            return await WORKS[method, path](call)
    except (SCIMException, ValidationError, Problem) as error:
        what = told(error)
        if method != "GET":
            await faults.note(ctx, request, body, what)
        return refusal(what)


def told(error: SCIMException | ValidationError | Problem) -> Told:
    """Return what a provider is told about a refusal."""
    if isinstance(error, Problem):
        return told_of(error)
    if isinstance(error, SCIMException):
        return Told(error.status, str(error)[:1000], error.scim_type)
    all_of_it = Error.from_validation_errors(error)
    words = "; ".join(dict.fromkeys(one.detail or "" for one in all_of_it[:5]))
    return Told(all_of_it[0].status or 400, words[:1000], all_of_it[0].scim_type or "")


def _asked(call: Call, kind: Kind[Any]) -> ResponseParameters[Any]:
    """Return which attributes an answer shall have (RFC 7644 3.9)."""
    query = call.request.query_params
    given = {name: query[name] for name in ("attributes", "excludedAttributes") if query.get(name)}
    return ResponseParameters[kind.model].model_validate(given)


async def _shown(call: Call, kind: Kind[Any], id: UUID, status: int = 200) -> Response[bytes]:
    asked = _asked(call, kind)
    found = await reading.found(call.ctx, kind, call.provider, id, call.base)
    headers = {"ETag": found.meta.version, "Location": found.meta.location}
    if (
        status == 200
        and call.request.method == "GET"
        and named(_header(call, "if-none-match"), found.meta.version)
    ):
        return answer(None, 304, headers)
    return answer(reading.document(kind, found, asked), status, headers)


def _header(call: Call, name: str) -> str:
    return call.request.headers.get(name, "")


def _index(kind: Kind[Any]) -> Work:
    async def index(call: Call) -> Response[bytes]:
        asked = reading.search_of(kind, call.request)
        return answer(await reading.listed(call.ctx, kind, call.provider, asked, call.base))

    return index


def _search(kind: Kind[Any]) -> Work:
    async def search(call: Call) -> Response[bytes]:
        asked = reading.posted_search(kind, call.body)
        return answer(await reading.listed(call.ctx, kind, call.provider, asked, call.base))

    return search


def _get(kind: Kind[Any]) -> Work:
    async def get(call: Call) -> Response[bytes]:
        return await _shown(call, kind, call.id)

    return get


async def _before(call: Call, kind: Kind[Any]) -> Any:
    """Return a resource as it is now; raises `NotFound`, or the library's error when `If-Match` names another version."""
    before = await reading.found(call.ctx, kind, call.provider, call.id, call.base)
    require_current(_header(call, "if-match"), before.meta.version)
    return before


async def _person(call: Call) -> Row:
    row = await call.ctx.db.fetch_one("SELECT * FROM scim.person WHERE id = $1", call.id)
    assert row is not None
    return row


async def _create_user(call: Call) -> Response[bytes]:
    sent = bodies.resource(USERS.model, call.body, Phase.RESOURCE_CREATION_REQUEST, active=True)
    made = await people.create(call.ctx, await call.locked(), sent)
    return await _shown(call, USERS, made, 201)


async def _create_group(call: Call) -> Response[bytes]:
    sent = bodies.resource(GROUPS.model, call.body, Phase.RESOURCE_CREATION_REQUEST)
    made = await collectives.create(call.ctx, await call.locked(), sent)
    return await _shown(call, GROUPS, made, 201)


def _sent(call: Call, kind: Kind[Any], before: Any) -> Any:
    if call.request.method == "PATCH":
        return bodies.patched(kind.model, before, call.body)
    # Who says nothing about it brings nobody back.
    implied = {"active": before.active} if kind is USERS else {}
    return bodies.resource(kind.model, call.body, Phase.RESOURCE_REPLACEMENT_REQUEST, **implied)


async def _write_user(call: Call) -> Response[bytes]:
    provider = await call.locked()
    before = await _before(call, USERS)
    await people.write(call.ctx, provider, await _person(call), before, _sent(call, USERS, before))
    return await _shown(call, USERS, call.id)


async def _write_group(call: Call) -> Response[bytes]:
    provider = await call.locked()
    before = await _before(call, GROUPS)
    await collectives.write(call.ctx, provider, call.id, before, _sent(call, GROUPS, before))
    return await _shown(call, GROUPS, call.id)


async def _delete_user(call: Call) -> Response[bytes]:
    provider = await call.locked()
    await _before(call, USERS)
    await people.delete(call.ctx, await _person(call), provider["group_roles"])
    return answer(None, 204)


async def _delete_group(call: Call) -> Response[bytes]:
    provider = await call.locked()
    await collectives.delete(call.ctx, provider, call.id, await _before(call, GROUPS))
    return answer(None, 204)


async def _configuration(call: Call) -> Response[bytes]:
    return answer(discovery.configuration(call.base))


async def _nothing(call: Call) -> Response[bytes]:
    raise NotFound(f"There is nothing at {call.request.scope['path']}.")


async def _search_all(call: Call) -> Response[bytes]:
    return answer(await reading.listed_all(call.ctx, call.provider, call.body, call.base))


def _described(documents: Callable[[str], list[dict[str, Any]]]) -> Work:
    async def index(call: Call) -> Response[bytes]:
        return answer(discovery.listed(documents(call.base), call.request.query_params))

    return index


def _one_of(documents: Callable[[str], list[dict[str, Any]]]) -> Work:
    async def get(call: Call) -> Response[bytes]:
        return answer(discovery.one(documents(call.base), call.request.path_params["id"]))

    return get


_ID: Final = "/{id:str}"
WORKS: Final[Mapping[tuple[str, str], Work]] = {
    ("GET", "/ServiceProviderConfig"): _configuration,
    ("GET", "/ResourceTypes"): _described(discovery.kinds),
    ("GET", f"/ResourceTypes{_ID}"): _one_of(discovery.kinds),
    ("GET", "/Schemas"): _described(discovery.schemas),
    ("GET", f"/Schemas{_ID}"): _one_of(discovery.schemas),
    ("POST", "/.search"): _search_all,
    ("GET", "/Users"): _index(USERS),
    ("POST", "/Users"): _create_user,
    ("POST", "/Users/.search"): _search(USERS),
    ("GET", f"/Users{_ID}"): _get(USERS),
    ("PUT", f"/Users{_ID}"): _write_user,
    ("PATCH", f"/Users{_ID}"): _write_user,
    ("DELETE", f"/Users{_ID}"): _delete_user,
    ("GET", "/Groups"): _index(GROUPS),
    ("POST", "/Groups"): _create_group,
    ("POST", "/Groups/.search"): _search(GROUPS),
    ("GET", f"/Groups{_ID}"): _get(GROUPS),
    ("PUT", f"/Groups{_ID}"): _write_group,
    ("PATCH", f"/Groups{_ID}"): _write_group,
    ("DELETE", f"/Groups{_ID}"): _delete_group,
    ("GET", "/{rest:path}"): _nothing,
}
