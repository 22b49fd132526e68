"""Routes of somebody else's protocol: a credential of the plugin's own, and nothing else, opens them."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from typing import Any
from uuid import UUID

import pytest_asyncio
from litestar import Request, Response

from psa_kernel.builtin.auth.key_rules import make_key
from psa_kernel.builtin.settings import modules
from psa_kernel.builtin.tenancy import SINGLE_TENANT, lifecycle
from psa_kernel.builtin.tenancy.provisioning import ensure_single, provision
from psa_kernel.testing.plugins import module
from psa_kernel.unit_of_work import Unit
from psa_sdk import Context, Manifest
from psa_sdk.errors import Conflict, Problem
from psa_sdk.web import Caller, ProtocolRoute

from .conftest import PASSWORD, Desk

GOOD = "meter-1"
METER = Caller(id=UUID(int=7), label="Meter 1")
_PLANT = "INSERT INTO psa.seeded_plugin (id, plugin) VALUES (psa.new_id(), $1)"


async def identify(ctx: Context, token: str) -> Caller | None:
    """Know the one meter of acme; every look is written down."""
    await ctx.db.execute(f"{_PLANT} ON CONFLICT DO NOTHING", f"seen {token}"[:40])
    slug = await ctx.db.fetch_value("SELECT slug FROM psa.tenant WHERE id = $1", ctx.tenant_id)
    return METER if (slug, token) == ("acme", GOOD) else None


async def tell(ctx: Context, request: Request[Any, Any, Any]) -> Response[Any]:
    """Tell who asks, and what they hold."""
    who = ctx.principal
    told = {"label": who.label, "kind": who.kind, "may": who.allows("auth.users.read")}
    return Response(told, media_type="application/meter+json")


async def take(ctx: Context, request: Request[Any, Any, Any]) -> Response[Any]:
    """Write what is sent down and answer as it says."""
    sent = (await request.body()).decode()
    await ctx.db.execute(_PLANT, sent)
    if sent == "problem":
        raise Conflict("There is one already.")
    if sent == "crash":
        raise RuntimeError("the password is hunter2")
    if sent == "users":
        ctx.require("auth.users.read")
    status = int(sent) if sent.isdigit() else 201
    return Response({"sent": sent}, status_code=status, media_type="application/meter+json")


def refuse(problem: Problem, scope: Mapping[str, Any]) -> Response[Any]:
    """Answer in the protocol's own words."""
    return Response({"meter": problem.code}, status_code=problem.status, media_type="application/meter+json")


ROUTES = [
    ProtocolRoute(
        plugin="meters",
        method=method,
        path="/meters/v1/readings",
        identify=identify,
        handle=handle,
        refuse=refuse,
        media_type="application/meter+json",
        body_types=("text/plain",),
        max_body=100,
    )
    for method, handle in (("GET", tell), ("POST", take))
]
meters = module(Manifest(name="meters", title="Meters"), psa_web_routes=lambda installation: ROUTES)


@pytest_asyncio.fixture
async def desk(rewound_kernel) -> AsyncGenerator[Desk]:
    kernel = await rewound_kernel((meters,))
    for slug in ("acme", "rival"):
        await provision(
            kernel, slug=slug, name=slug.title(), admin_email=f"admin@{slug}.example", admin_password=PASSWORD
        )
    yield Desk(kernel)


async def planted(desk: Desk, slug: str = "acme") -> set[str]:
    tenant = await desk.kernel.directory.by_slug(slug)
    assert tenant is not None
    async with desk.kernel.unit(tenant.id) as unit:
        rows = await unit.db.fetch("SELECT plugin FROM psa.seeded_plugin")
    return {row["plugin"] for row in rows} - set(desk.kernel.registry.plugins)


async def test_its_own_credential_opens_it_in_its_tenant_and_gives_no_right(desk: Desk):
    client = desk.client(GOOD, x_tenant="acme")
    answer = await client.get("/meters/v1/readings")
    assert answer.json() == {"label": "Meter 1", "kind": "automation", "may": False}
    assert answer.headers["content-type"] == "application/meter+json"
    assert await planted(desk) == {f"seen {GOOD}"}, "what identifying wrote stays, also of a GET"
    for path in ("/api/v1/auth/me", "/api/v1/users"):
        assert (await client.get(path)).status_code == 401
    assert (await client.post("/meters/v1/readings", **text("users"))).json() == {"meter": "forbidden"}


def text(content: str, kind: str = "text/plain") -> dict[str, Any]:
    return {"content": content.encode(), "headers": {"content-type": kind}}


async def test_no_other_credential_opens_it(desk: Desk):
    session = (await desk.log_in(tenant="acme")).headers["authorization"].partition(" ")[2]
    tenant = await desk.kernel.directory.by_slug("acme")
    assert tenant is not None
    async with desk.kernel.unit(tenant.id) as unit:
        owner = await unit.db.fetch_value("SELECT id FROM psa.account LIMIT 1")
        key = (await make_key(unit, owner, "Key", ("*",))).secret
    strangers = [
        desk.client(token, x_tenant=slug)
        for token, slug in (
            (session, "acme"),
            (key, "acme"),
            ("meter-2", "acme"),
            (GOOD, "rival"),
            ("", "acme"),
        )
    ]
    strangers += [desk.client(GOOD), desk.client(x_tenant="acme", cookie=f"psa_staff={session}")]
    strangers.append(desk.client(x_tenant="acme", authorization=f"Basic {GOOD}"))
    for stranger in strangers:
        for answer in (
            await stranger.get("/meters/v1/readings"),
            await stranger.post("/meters/v1/readings", **text("201")),
        ):
            assert answer.status_code in {401, 404}, answer.text
            assert answer.headers["content-type"] == "application/meter+json"
    assert "201" not in await planted(desk) | await planted(desk, "rival")


async def test_what_it_answers_itself_is_kept_up_to_a_failure_of_ours(desk: Desk):
    client = desk.client(GOOD, x_tenant="acme")
    for sent, status in (("fine", 201), ("409", 409), ("503", 503), ("problem", 409), ("crash", 500)):
        answer = await client.post("/meters/v1/readings", **text(sent))
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/meter+json"), (
            sent
        )
        assert "hunter2" not in answer.text
    assert await planted(desk) == {f"seen {GOOD}", "fine", "409"}


async def test_its_bodies_are_of_its_kind_and_bounded(desk: Desk):
    client = desk.client(GOOD, x_tenant="acme")
    wrong = await client.post("/meters/v1/readings", **text("{}", "application/vnd.api+json"))
    assert wrong.status_code == 415
    assert (await client.post("/meters/v1/readings", **text("x" * 101))).status_code == 413

    async def pieces() -> AsyncGenerator[bytes]:
        for _ in range(3):
            yield b"x" * 50

    streamed = {"content": pieces(), "headers": {"content-type": "text/plain"}}
    assert (await client.post("/meters/v1/readings", **streamed)).status_code == 413
    assert (await client.post("/meters/v1/readings", **text("x" * 100))).status_code == 201
    assert await planted(desk) == {f"seen {GOOD}", "x" * 100}


async def test_it_is_closed_with_its_plugin_and_its_tenant(desk: Desk):
    client = desk.client(GOOD, x_tenant="acme")
    tenant = await desk.kernel.directory.by_slug("acme")
    assert tenant is not None

    async def answered() -> int:
        return (await client.get("/meters/v1/readings")).status_code

    async def switch(act: Callable[[Unit, str], Awaitable[object]]) -> None:
        async with desk.kernel.unit(tenant.id) as unit:
            await act(unit, "meters")

    assert await answered() == 200
    await switch(modules.disable)
    assert await answered() == 404
    await switch(modules.enable)
    assert await answered() == 200
    await ensure_single(desk.kernel)
    async with desk.kernel.unit(SINGLE_TENANT) as unit:
        await lifecycle.suspend(unit, tenant.id)
    assert await answered() == 403
