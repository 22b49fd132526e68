"""What every answer carries, whose host it is, and who is believed (S18, S19, TEN-13)."""

import asyncio

import httpx
import msgspec
import pytest

from psa_kernel.kernel import Kernel
from psa_kernel.server import address, bind, serve
from psa_kernel.testing.drain import drain

from .conftest import JSON_API, Desk

HELLO = "/api/v1/visits/hello"
SECRET = "/api/v1/visits/secret"
PROTECTED = (
    "content-security-policy",
    "x-content-type-options",
    "referrer-policy",
    "cross-origin-opener-policy",
    "cross-origin-resource-policy",
    "permissions-policy",
    "x-request-id",
)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", HELLO),
        ("HEAD", HELLO),
        ("OPTIONS", HELLO),
        ("GET", "/nowhere"),
        ("POST", HELLO),
        ("TRACE", HELLO),
        ("GET", SECRET),
        ("GET", "/health/live"),
        ("GET", "/api/v1/docs"),
    ],
)
async def test_every_answer_protects_browsers(desk, method, path):
    """AUD-10"""
    headers = (await desk.anonymous.request(method, path)).headers
    assert [name for name in PROTECTED if name not in headers] == []
    assert headers["cache-control"] == "no-store"
    assert "server" not in headers


async def test_transport_security_is_promised_only_over_tls(house):
    plain = await house.client(host="desk.example.com").get(HELLO)
    assert "strict-transport-security" not in plain.headers
    proxied = house.client(peer="10.0.0.1", host="desk.example.com", x_forwarded_proto="https")
    assert "max-age=31536000" in (await proxied.get(HELLO)).headers["strict-transport-security"]
    stranger = house.client(peer="192.0.2.1", host="desk.example.com", x_forwarded_proto="https")
    assert "strict-transport-security" not in (await stranger.get(HELLO)).headers


async def test_a_request_id_is_kept_when_it_is_one(desk):
    given = await desk.anonymous.get(HELLO, headers={"x-request-id": "trace-0123456789"})
    assert given.headers["x-request-id"] == "trace-0123456789"
    refused = await desk.anonymous.get(HELLO, headers={"x-request-id": "evil\tid {}"})
    assert len(refused.headers["x-request-id"]) == 32


async def test_only_allowed_origins_may_read_answers(desk):
    config = msgspec.structs.replace(desk.kernel.config, allowed_origins=("https://app.example.com",))
    async with Kernel.open(config, desk.kernel.registry) as kernel:
        desk = Desk(kernel)
        good = await desk.anonymous.get(HELLO, headers={"origin": "https://app.example.com"})
        assert good.headers["access-control-allow-origin"] == "https://app.example.com"
        assert "access-control-allow-credentials" not in good.headers
        bad = await desk.anonymous.get(HELLO, headers={"origin": "https://evil.example"})
        assert "access-control-allow-origin" not in bad.headers
        asked = {"origin": "https://app.example.com", "access-control-request-method": "PATCH"}
        preflight = await desk.anonymous.options(SECRET, headers=asked)
        assert preflight.status_code == 204
        assert "PATCH" in preflight.headers["access-control-allow-methods"]
        assert "If-Match" in preflight.headers["access-control-allow-headers"]
        foreign = await desk.anonymous.options(SECRET, headers={**asked, "origin": "https://evil.example"})
        assert "access-control-allow-methods" not in foreign.headers


async def test_the_tenant_is_told_by_header_host_or_credential(house):
    client = await house.log_in(tenant="acme")
    by_credential = await client.get(SECRET)
    assert by_credential.status_code == 200, by_credential.text
    acme = by_credential.json()["data"]["attributes"]["tenant"]
    for told in ({"x-tenant": "acme"}, {"host": "acme.desk.example.com"}):
        assert (await client.get(SECRET, headers=told)).json()["data"]["attributes"]["tenant"] == acme


async def test_a_plugin_may_know_the_tenant_before_anyone_logs_in(house):
    unknown = await house.anonymous.get(HELLO, headers={"x-visits-tenant": "nobody"})
    assert unknown.status_code == 404
    assert (await house.anonymous.get(HELLO, headers={"x-visits-tenant": "acme"})).status_code == 200


async def test_a_credential_of_one_tenant_is_none_in_another(house):
    client = await house.log_in(tenant="acme")
    for told in ({"x-tenant": "rival"}, {"host": "rival.desk.example.com"}):
        assert (await client.get(SECRET, headers=told)).status_code == 401


async def test_an_unknown_tenant_is_not_found_and_a_contradiction_is_refused(house):
    unknown = await house.anonymous.get(HELLO, headers={"x-tenant": "nobody"})
    assert (unknown.status_code, unknown.json()["errors"][0]["code"]) == (404, "tenant_unknown")
    both = await house.anonymous.get(HELLO, headers={"x-tenant": "acme", "host": "rival.desk.example.com"})
    assert (both.status_code, both.json()["errors"][0]["code"]) == (400, "tenant_ambiguous")


async def test_an_unknown_host_is_misdirected(house):
    for host in ("evil.example", "desk.example.com.evil.example", "nobody.desk.example.com"):
        answer = await house.client(host=host).get(HELLO)
        assert (answer.status_code, answer.headers["content-type"]) == (421, JSON_API)
    assert (await house.client(host="desk.example.com:8080").get(HELLO)).status_code == 200


async def test_a_verified_host_leads_to_its_tenant(house):
    kernel = house.kernel
    acme = (await kernel.directory.by_slug("acme")).id
    async with kernel.unit(acme) as unit:
        await unit.db.execute(
            "INSERT INTO psa.tenant_host (id, tenant, host, token, verified_at)"
            " VALUES (psa.new_id(), $1, 'help.acme.example', 't', now()),"
            " (psa.new_id(), $1, 'claimed.example', 't', NULL)",
            acme,
        )
    client = await house.log_in(tenant="acme")
    assert (await client.get(SECRET, headers={"host": "help.acme.example"})).status_code == 200
    assert (await client.get(SECRET, headers={"host": "claimed.example"})).status_code == 421


async def test_forwarded_hosts_are_believed_from_proxies_only(house):
    told = {"host": "desk.example.com", "x_forwarded_host": "evil.example"}
    assert (await house.client(peer="10.1.2.3", **told).get(HELLO)).status_code == 421
    assert (await house.client(peer="192.0.2.1", **told).get(HELLO)).status_code == 200


async def test_a_disabled_module_has_no_routes_in_that_tenant(house):
    kernel = house.kernel
    acme = (await kernel.directory.by_slug("acme")).id
    async with kernel.unit(acme) as unit:
        await unit.db.execute("INSERT INTO psa.disabled_module (id, plugin) VALUES (psa.new_id(), 'visits')")
        unit.after_commit(lambda: kernel.directory.forget(acme))
    off = await house.anonymous.get(HELLO, headers={"x-tenant": "acme"})
    assert (off.status_code, off.json()["errors"][0]["code"]) == (404, "module_disabled")
    assert (await house.anonymous.get(HELLO, headers={"x-tenant": "rival"})).status_code == 200


async def test_a_suspended_tenant_is_told_so(house):
    client = await house.log_in(tenant="acme")
    kernel = house.kernel
    acme = (await kernel.directory.by_slug("acme")).id
    async with kernel.unit(acme) as unit:
        await unit.db.execute("UPDATE psa.tenant SET status = 'suspended' WHERE id = $1", acme)
        unit.after_commit(lambda: kernel.directory.forget(acme))
    answer = await client.post("/api/v1/visits/write", json={"data": {"attributes": {"title": "a"}}})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (403, "tenant_suspended")


async def test_health_is_told_to_all_and_its_details_to_operators(desk):
    await drain(desk.kernel)
    assert (await desk.anonymous.get("/health/live")).json() == {"status": "ok"}
    assert (await desk.anonymous.get("/health/ready")).json() == {"status": "ok"}
    checks = (await desk.client(peer="127.0.0.1").get("/health/ready")).json()["checks"]
    assert {"database", "migrations", "relay"} <= checks.keys()
    assert set(checks.values()) == {"ok"}


async def test_figures_are_for_the_operators_network(desk):
    await desk.anonymous.get(HELLO)
    assert (await desk.anonymous.get("/metrics")).status_code == 404
    text = (await desk.client(peer="127.0.0.1").get("/metrics")).text
    assert 'psa_http_requests_total{method="GET",route="/api/v1/visits/hello",status="200"}' in text
    assert "psa_database_connections" in text


async def test_unknown_paths_dont_multiply_the_figures(desk):
    for n in range(5):
        await desk.anonymous.get(f"/nowhere/{n}")
    text = (await desk.client(peer="127.0.0.1").get("/metrics")).text
    assert "/nowhere" not in text


async def test_log_lines_tell_request_tenant_and_plugin_and_no_secret(desk, capsys):
    client = await desk.admin()
    answer = await client.get(SECRET)
    line = next(line for line in capsys.readouterr().err.splitlines() if SECRET in line)
    assert f"request_id={answer.headers['x-request-id']}" in line
    assert "tenant=main" in line
    assert "plugin=visits" in line
    assert "status=200" in line
    assert "psa_" not in line


async def test_the_end_of_a_route_is_announced(desk):
    """API-05."""
    client = await desk.admin()
    headers = (await client.get("/api/v1/visits/plain")).headers
    assert headers["deprecation"] == "@1767225600"
    assert headers["sunset"] == "Fri, 01 Jan 2027 00:00:00 GMT"
    document = (await client.get("/api/v1/openapi.json")).json()
    assert document["paths"]["/api/v1/visits/plain"]["get"]["deprecated"] is True


async def test_over_a_real_connection_head_has_the_length_and_no_body(desk):
    config = msgspec.structs.replace(desk.kernel.config, port=0)
    stop, up = asyncio.Event(), asyncio.Event()

    async def ready() -> None:
        up.set()

    with bind(config) as listener:
        serving = asyncio.create_task(serve(desk.app, listener, stop, ready=ready))
        await up.wait()
        async with httpx.AsyncClient(base_url=address(listener), timeout=60, verify=False) as client:
            full = await client.get(HELLO)
            head = await client.head(HELLO)
            assert (head.status_code, head.content) == (200, b"")
            assert head.headers["content-length"] == full.headers["content-length"]
            assert (await client.get(HELLO)).status_code == 200, "the connection still speaks HTTP"
            assert "server" not in head.headers
        stop.set()
        await serving


async def test_an_address_that_opens_something_by_itself_is_in_no_log(desk, capsys):
    secret = "Zm9yLWEtZnJpZW5kLW9ubHk"
    assert (await desk.anonymous.get(f"/api/v1/visits/letters/{secret}")).status_code == 200
    said = capsys.readouterr().err
    assert "/api/v1/visits/letters/{token}" in said
    assert secret not in said
