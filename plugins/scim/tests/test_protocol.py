"""The protocol itself: a public compliance checker over real HTTP, lists, versions, and who is let in."""

import asyncio
import socket
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
import uvicorn

from psa_sdk.testing import Kit

from .conftest import Provider, connect


@asynccontextmanager
async def served(kit: Kit):
    """Serve the application over HTTP."""
    # Named, so that asyncio sends what is short at once: otherwise each answer waits for 40 ms.
    with socket.socket(proto=socket.IPPROTO_TCP) as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(kit.installation.app, log_level="error", lifespan="off"))
        serving = asyncio.create_task(server.serve([listening]))
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}/scim/v2"
        finally:
            server.should_exit = True
            await serving


@pytest.fixture(scope="session")
def checker():
    """The compliance checker as a function of an address, headers and tags; it returns what it checked."""
    # Imported here: its models take a second or two to make, which whoever only collects the tests can do without.
    import httpx2
    import scim2_tester
    from scim2_client.engines.httpx2 import SyncSCIMClient

    def check(url: str, headers: dict[str, str], tags: set[str] | None):
        with httpx2.Client(base_url=url, headers=headers, timeout=60) as client:
            return scim2_tester.check_server(SyncSCIMClient(client), include_tags=tags)

    return check


@pytest.mark.slow
@pytest.mark.parametrize(("tenancy", "tags", "least"), [("multi", None, 40), ("single", {"crud:read"}, 5)])
async def test_a_compliance_checker_finds_no_fault(psa_bench, checker, tenancy, tags, least):
    """scim2-tester against the running server: discovery, POST, GET, PUT, PATCH, DELETE, attributes, errors."""
    async with Kit.alone(psa_bench, tenancy, plugins=("scim",)) as kit, served(kit) as url:
        provider = await connect(kit)
        headers = {"Authorization": f"Bearer {provider.token}"}
        results = await asyncio.to_thread(checker, url, headers, tags)
        wrong = [one for one in results if one.status.name not in {"SUCCESS", "SKIPPED"}]
        assert [(one.title, one.resource_type, one.reason) for one in wrong] == []
        assert sum(one.status.name == "SUCCESS" for one in results) >= least


async def test_a_token_opens_scim_and_nothing_else_and_nothing_else_opens_scim(kit: Kit):
    provider, admin = await connect(kit), await kit.admin()
    stranger = provider.http
    for path in ("/api/v1/auth/me", "/api/v1/users", "/api/v1/scim-providers", "/ui/", "/api/v1/operations"):
        answer = await stranger.get(f"http://localhost{path}")
        assert answer.status_code in {303, 401, 404, 405}, path
    session = await kit.installation.credential(admin.person)
    key = await kit.installation.credential((await kit.api_key("*")).person)
    elsewhere = await connect(await kit.neighbour())
    person = await elsewhere.user()
    wrong = provider.token[:-1] + ("1" if provider.token.endswith("0") else "0")
    for credential in (session, key, wrong, "psascim_x_" + "0" * 64, ""):
        headers = {"Authorization": f"Bearer {credential}", "X-Tenant": kit.slug}
        for method, path in (
            ("GET", "/Users"),
            ("POST", "/Users"),
            ("GET", "/Schemas"),
            ("DELETE", "/Users/x"),
        ):
            answer = await stranger.request(method, path, headers=headers)
            assert answer.status_code == 401, (credential[:8], method, path)
            assert answer.json()["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
    # Another tenant's person, and another provider's of the same tenant, don't exist.
    other = await connect(kit)
    mine = await other.user()
    for id in (person["id"], mine["id"]):
        for method in ("GET", "DELETE"):
            await provider.ask(method, f"/Users/{id}", expect=404)
        await provider.patch(f"/Users/{id}", {"op": "replace", "path": "active", "value": False}, expect=404)
        await provider.ask("POST", "/Groups", {"displayName": "x", "members": [{"value": id}]}, expect=400)
    assert (await provider.ask("GET", "/Users"))["totalResults"] == 0
    answer = await stranger.get("/Users", headers={"X-Tenant": (await kit.neighbour()).slug})
    assert answer.status_code == 401


async def test_a_token_ends_when_it_is_revoked_over_or_its_provider_switched_off(kit: Kit):
    admin = await kit.admin()
    provider = await connect(kit)
    tokens = (await admin.get(f"/scim-providers/{provider.id}/tokens")).json()["data"]
    assert provider.token not in str(tokens)
    await provider.ask("GET", "/Users")
    token = (await admin.get(f"/scim-tokens/{tokens[0]['id']}")).json()["data"]["attributes"]
    assert token["last_used_at"] is not None
    stored = await kit.installation.rows(
        "SELECT t::text FROM scim.token t WHERE provider::text = $1", provider.id
    )
    assert provider.token.rpartition("_")[2] not in str(stored)
    await admin.patch(f"/scim-providers/{provider.id}", {"is_active": False})
    await provider.ask("GET", "/Users", expect=401)
    await admin.patch(f"/scim-providers/{provider.id}", {"is_active": True})
    await provider.ask("GET", "/Users")
    await admin.delete(f"/scim-tokens/{tokens[0]['id']}")
    await provider.ask("GET", "/Users", expect=401)
    path = f"/scim-providers/{provider.id}/tokens"
    late = (kit.now + timedelta(days=400)).isoformat()
    assert (await admin.post(path, {"name": "Late", "expires_at": late})).status_code == 422
    soon = (kit.now + timedelta(hours=1)).isoformat()
    made = await admin.post(path, {"name": "Soon", "expires_at": soon})
    short = Provider(kit, provider.id, made.json()["data"]["attributes"]["token"])
    await short.ask("GET", "/Users")
    async with kit.unit() as ctx:
        await ctx.db.execute("UPDATE scim.token SET expires_at = $1", kit.now)
    await short.ask("GET", "/Users", expect=401)
    clerk = await kit.staff("scim.scim_providers.*", "scim.scim_tokens.read")
    assert (await clerk.post(path, {"name": "Mine"})).status_code == 403


async def test_lists_are_filtered_sorted_paged_and_cut(kit: Kit):
    provider = await connect(kit)
    for name, title in (("carl", "Lead"), ("ann", "Engineer"), ("bob", None), ("Dora", "engineer")):
        await provider.user(userName=f"{name}{kit.number()}@example.com", title=title, externalId=f"x-{name}")
    assert [name[:3] for name in await provider.found("userName pr")] == ["ann", "bob", "car", "Dor"]
    assert [name[:3] for name in await provider.found('TITLE Eq "ENGINEER"')] == ["ann", "Dor"]
    assert [name[:3] for name in await provider.found('not (title pr) or externalId eq "x-carl"')] == [
        "bob",
        "car",
    ]
    assert await provider.found('externalId eq "X-CARL"') == [], "case-exact"
    assert await provider.found('meta.created gt "2000-01-01T00:00:00Z" and groups.value pr') == []
    asked = {"sortBy": "title", "sortOrder": "descending", "startIndex": 2, "count": 2, "attributes": "title"}
    page = await provider.ask("GET", "/Users", params=asked)
    assert (page["totalResults"], page["startIndex"], page["itemsPerPage"]) == (4, 2, 2)
    assert [one.get("title", "").lower() for one in page["Resources"]] == ["lead", "engineer"]
    assert set(page["Resources"][0]) == {"schemas", "id", "title"}
    search = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"], **asked, "count": 0}
    assert (await provider.ask("POST", "/Users/.search", search))["totalResults"] == 4
    group = await provider.group(f"Everybody {kit.number()}")
    everything = await provider.ask("POST", "/.search", {"startIndex": 4, "count": 5})
    assert (everything["totalResults"], [one["id"] for one in everything["Resources"]][1:]) == (
        5,
        [group["id"]],
    )
    lean = await provider.ask("GET", "/Groups", params={"excludedAttributes": "members"})
    assert "members" not in lean["Resources"][0]


async def test_a_list_costs_the_same_whatever_its_length(kit: Kit):
    provider = await connect(kit)
    people = [(await provider.user())["id"] for _ in range(2)]
    await provider.group(f"Crew {kit.number()}", *people)
    costs: list[int] = []
    for _ in range(2):
        for path in ("/Users", "/Groups"):
            async with kit.statements() as statements:
                await provider.ask("GET", path)
            costs.append(len(statements))
        more = [(await provider.user())["id"] for _ in range(5)]
        await provider.group(f"Crew {kit.number()}", *people, *more)
    assert costs[:2] == costs[2:], costs


async def test_versions_tell_who_was_faster(provider: Provider):
    made = await provider.user()
    path, version = f"/Users/{made['id']}", made["meta"]["version"]
    answer = await provider.http.get(path, headers={"If-None-Match": version})
    assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", version)
    title = {"op": "replace", "path": "title", "value": "Lead"}
    patch = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [title]}
    await provider.ask("PATCH", path, patch, headers={"If-Match": version})
    for method, body in (("PATCH", patch), ("PUT", provider.someone()), ("DELETE", None)):
        refused = await provider.ask(method, path, body, headers={"If-Match": version}, expect=412)
        assert refused["status"] == "412"
    group = await provider.group(f"Versions {provider.kit.number()}")
    now = (await provider.ask("GET", path))["meta"]["version"]
    await provider.patch(
        f"/Groups/{group['id']}", {"op": "add", "path": "members", "value": [{"value": made["id"]}]}
    )
    assert (await provider.ask("GET", path))["meta"]["version"] != now, "groups are part of it"
    assert (await provider.ask("GET", f"/Groups/{group['id']}"))["meta"]["version"] != group["meta"][
        "version"
    ]


async def test_bad_requests_are_told_in_scims_words(provider: Provider):
    made = await provider.user()
    path = f"/Users/{made['id']}"
    operations = (
        ({"op": "remove"}, 400, "noTarget"),
        ({"op": "dance", "path": "title", "value": "x"}, 400, "invalidValue"),
        ({"op": "replace", "path": "title[", "value": "x"}, 400, "invalidPath"),
        ({"op": "replace", "path": "id", "value": "x"}, 400, "mutability"),
        ({"op": "remove", "path": "userName"}, 400, "mutability"),
        ({"op": "replace", "path": "emails", "value": [{"value": "nobody"}]}, 400, "invalidValue"),
    )
    for operation, status, kind in operations:
        assert (await provider.patch(path, operation, expect=status))["scimType"] == kind, operation
    raw = {"Content-Type": "application/scim+json"}
    for body in (
        b"",
        b"{",
        b"[]",
        b"[" * 5000,
        b'{"userName": "a\\u0000b"}',
        b'{"userName": "\\ud800"}',
        b"\xff",
    ):
        answer = await provider.http.post("/Users", content=body, headers=raw)
        assert (answer.status_code, answer.json()["scimType"]) == (400, "invalidSyntax"), body[:20]
    here = [{"value": f"here{provider.kit.number()}@example.com"}]
    for path, unfit in (
        ("/Users", {}),
        ("/Users", {"userName": "x" * 5000, "emails": here}),
        ("/Users", {"userName": " ", "emails": here}),
        ("/Users", {"userName": "nobody"}),
        ("/Groups", {"displayName": "x" * 5000}),
        ("/Groups", {"displayName": "x", "members": [{"value": "nobody"}]}),
    ):
        assert (await provider.ask("POST", path, unfit, expect=400))["scimType"] == "invalidValue"
    assert (
        await provider.http.post("/Users", content=b"x", headers={"Content-Type": "text/plain"})
    ).status_code == 415
    large = await provider.http.post("/Users", content=b" " * (1 << 21), headers=raw)
    assert (large.status_code, large.json()["status"]) == (413, "413")
    await provider.ask("GET", "/Users/not-an-id", expect=404)
    await provider.ask("GET", "/Dogs", expect=404)
    await provider.ask("GET", "/Schemas", params={"filter": "id pr"}, expect=403)
