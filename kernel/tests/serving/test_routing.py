"""The table of routes: each request reaches the route that one application of all of them would choose."""

import httpx
import pytest
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler

from psa_kernel.http.routing import RoutingTable

ROUTES = (
    ("GET", "/"),
    ("GET", "/login"),
    ("GET", "/ui"),
    ("GET", "/ui/tickets"),
    ("POST", "/ui/tickets/new"),
    ("GET", "/ui/tickets/{id:int}"),
    ("POST", "/ui/tickets/{id:int}"),
    ("GET", "/ui/tickets/{id:int}/notes"),
    ("POST", "/ui/users"),
    ("GET", "/ui/{rest:path}"),
    ("GET", "/oauth/{tenant:str}/keys"),
    ("GET", "/api/v1"),
    ("GET", "/api/v1/tickets/{id:int}"),
)
PATHS = (
    *(
        "/",
        "/login",
        "/login/",
        "/ui",
        "/ui/",
        "/ui/tickets",
        "//ui//tickets/",
        "/ui/tickets/new",
        "/ui/tickets/7",
    ),
    *(
        "/ui/tickets/7/notes",
        "/ui/tickets/7/none",
        "/ui/users",
        "/ui/users/7",
        "/ui/none",
        "/ui/none/of/these",
    ),
    *("/oauth/main/keys", "/oauth/main/none", "/oauth", "/api/v1", "/api/v1/tickets/7", "/api/v1/tickets"),
    *("/api/v1/none", "/none", "/none/of/these", "/ui/tickets%2F7", "/ui/{rest:path}"),
)


def handler(method: str, path: str) -> HTTPRouteHandler:
    async def handle() -> str:
        return f"{method} {path}"

    return HTTPRouteHandler(path, http_method="GET" if method == "GET" else "POST", status_code=200)(handle)


@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
async def test_a_table_in_parts_answers_like_one_application(method: str):
    in_parts = RoutingTable([handler(*one) for one in ROUTES], openapi_config=None)
    in_one = Litestar([handler(*one) for one in ROUTES], openapi_config=None)
    answers: list[dict[str, tuple[object, ...]]] = []
    for app in (in_parts, in_one):
        transport = httpx.ASGITransport(app=app)  # pyright: ignore[reportArgumentType]
        async with httpx.AsyncClient(transport=transport, base_url="http://psa") as client:
            got = {path: await client.request(method, f"http://psa{path}") for path in PATHS}
        answers.append(
            {
                path: (
                    one.status_code,
                    one.text * one.is_success,
                    *sorted(one.headers.get("allow", "").split(", ")),
                )
                for path, one in got.items()
            }
        )
    assert answers[0] == answers[1]
    assert len(set(answers[0].values())) > 2


async def test_options_tell_the_verbs_of_a_path():
    """All of them: Litestar's own handler knows those that were registered first."""
    table = RoutingTable([handler(*one) for one in ROUTES], openapi_config=None)
    transport = httpx.ASGITransport(app=table)  # pyright: ignore[reportArgumentType]
    async with httpx.AsyncClient(transport=transport, base_url="http://psa") as client:
        answers = {path: await client.options(path) for path in ("/ui/tickets/7", "/login", "/none")}
    assert [one.status_code for one in answers.values()] == [204, 204, 404]
    assert answers["/ui/tickets/7"].headers["allow"] == "GET, OPTIONS, POST"
    assert answers["/login"].headers["allow"] == "GET, OPTIONS"


def test_a_part_is_made_without_support_for_types_of_others():
    """What Litestar adds by itself imports pydantic, twice, at every start."""
    part = RoutingTable([handler(*one) for one in ROUTES], openapi_config=None)._part("/ui")
    assert "MsgspecDIPlugin" in {type(plugin).__name__ for plugin in part.plugins}
    assert not [plugin for plugin in part.plugins if "pydantic" in type(plugin).__module__]
