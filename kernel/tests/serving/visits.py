"""A plugin with routes of every kind, for the tests of HTTP."""

import asyncio
import datetime
from collections.abc import AsyncIterator
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Request, Response
from litestar.response import Stream

from psa_kernel.testing.plugins import module
from psa_sdk import (
    AUTHENTICATED,
    PUBLIC,
    Answer,
    AnswerList,
    Context,
    Manifest,
    Permission,
    Record,
    delete,
    get,
    post,
)
from psa_sdk.errors import Conflict

READ = "visits.plans.read"
_PLANT = "INSERT INTO psa.seeded_plugin (id, plugin) VALUES (psa.new_id(), $1)"


class Plan(msgspec.Struct, forbid_unknown_fields=True):
    """When and how long."""

    title: Annotated[str, msgspec.Meta(min_length=1, max_length=20)]
    hours: int = 1


class Which(msgspec.Struct):
    """Which greetings."""

    size: Annotated[int, msgspec.Meta(ge=1, le=100)] = msgspec.field(default=5, name="page[size]")
    kind: list[str] = []


@get("/visits/hello", permission=PUBLIC, returns=Which, answer_type="greetings")
async def hello(query: Which) -> Answer:
    """Greet."""
    return Answer(type="greetings", attributes={"size": query.size, "kind": query.kind}, meta={"kept": True})


@get("/visits/letters/{token:str}", permission=PUBLIC)
async def letter(token: str) -> Answer:
    """Open a letter to whoever has its address."""
    return Answer(type="letters", attributes={})


@get(
    "/visits/plain",
    permission=AUTHENTICATED,
    deprecated=datetime.date(2026, 1, 1),
    sunset=datetime.date(2027, 1, 1),
)
async def plain() -> AnswerList:
    """List two words."""
    return AnswerList(
        items=[Answer(type="words", id=word, attributes={}) for word in ("one", "two")], next="/more"
    )


@get("/visits/secret", permission=READ)
async def secret(ctx: Context) -> Answer:
    """Tell who asks."""
    return Answer(type="secrets", attributes={"label": ctx.principal.label, "tenant": str(ctx.tenant_id)})


@post("/visits/{id:uuid}/plan", permission=PUBLIC, status=201)
async def plan(ctx: Context, id: UUID, body: Plan) -> Answer:
    """Echo a plan."""
    return Answer(type="plans", id=str(id), attributes=body)


@post("/visits/write", permission=AUTHENTICATED, status=201)
async def write(ctx: Context, body: Plan) -> Answer:
    """Write a row; some titles go wrong in their own way."""
    await ctx.db.execute(_PLANT, body.title)
    if body.title == "conflict":
        raise Conflict("Planned already.")
    if body.title == "crash":
        raise RuntimeError("the database password is hunter2")
    if body.title == "twice":
        await ctx.db.execute(_PLANT, body.title)
    return Answer(type="plans", attributes={})


@get("/visits/sneaky", permission=AUTHENTICATED)
async def sneaky(ctx: Context) -> None:
    """Try to write in a GET."""
    await ctx.db.execute(_PLANT, "sneaky")


@get("/visits/audited", permission=AUTHENTICATED, status=204, writes=True)
async def audited(ctx: Context) -> None:
    """Write in a GET that says so."""
    await ctx.db.execute(_PLANT, "audited")


@get("/visits/rows", permission=AUTHENTICATED, media_type="text/csv")
async def rows(ctx: Context) -> Stream:
    """Stream from the database."""

    async def lines() -> AsyncIterator[bytes]:
        async for row in ctx.db.stream("SELECT * FROM generate_series(1, 300) AS n", prefetch=100):
            yield f"{row['n']}\n".encode()

    return Stream(lines(), media_type="text/csv")


@post(
    "/visits/upload", permission=AUTHENTICATED, body_types=("application/octet-stream",), max_body=5_000_000
)
async def upload(request: Request) -> Response[bytes]:
    """Count what is streamed."""
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
    return Response(str(size).encode(), status_code=200, media_type="text/plain")


@get("/visits/me", permission=AUTHENTICATED, returns="users")
async def me(ctx: Context) -> Record:
    """Answer with a resource's document."""
    return Record("users", ctx.principal.id)


@get("/visits/clients", permission=AUTHENTICATED, audience="portal")
async def clients(ctx: Context) -> None:
    """Serve clients only."""


@delete("/visits/{id:uuid}", permission=AUTHENTICATED)
async def remove(ctx: Context, id: UUID) -> None:
    """Remove nothing."""


@get("/visits/slow", permission=AUTHENTICATED)
async def slow(ctx: Context) -> None:
    """Take long."""
    await ctx.db.execute("SET LOCAL statement_timeout = '50ms'")
    await ctx.db.fetch("SELECT pg_sleep(5)")


@get("/visits/wait", permission=AUTHENTICATED)
async def wait(ctx: Context) -> None:
    """Wait for ever."""
    await asyncio.Event().wait()


def psa_tenant_hint(host, path, headers):
    """Read the tenant out of a webhook's header."""
    return headers.get("x-visits-tenant")


visits = module(
    Manifest(
        name="visits",
        title="Site visits",
        routes=(
            hello,
            letter,
            plain,
            secret,
            plan,
            write,
            sneaky,
            audited,
            rows,
            upload,
            me,
            clients,
            remove,
            slow,
            wait,
        ),
        permissions=(Permission(name=READ, title="See plans"),),
    ),
    psa_tenant_hint=psa_tenant_hint,
)
