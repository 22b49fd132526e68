"""Sessions and what a token is worth: AUTH-21, AUTH-51."""

import pytest

from psa_kernel.access import Grants
from psa_kernel.builtin.auth import authenticate, browser
from psa_kernel.builtin.auth.refreshing import refresh
from psa_kernel.config import Config
from psa_kernel.kernel import Kernel
from psa_kernel.principal import ANONYMOUS
from psa_sdk.errors import Forbidden, Unauthenticated

from .conftest import HERE, PASSWORD, House


async def test_a_disabled_user_is_out_at_the_next_request(house: House) -> None:
    """AUTH-21."""
    user = await house.person("tech@acme.example", "technician")
    issued = await house.log_in("tech@acme.example")
    await house.who(issued.access_token)
    async with house.kernel.unit(house.acme) as unit:
        await unit.records.update("users", user, {"status": "disabled"})
        # Not before the commit: the change may still be undone.
        assert not await house.is_dead(issued.access_token)
    assert await house.is_dead(issued.access_token)
    async with house.kernel.unit(house.acme) as unit:
        await unit.records.update("users", user, {"status": "active"})
    assert await house.is_dead(issued.access_token)
    await house.log_in("tech@acme.example")


async def test_a_changed_role_counts_at_the_next_request(house: House) -> None:
    """AUTH-21."""
    user = await house.person("tech@acme.example", "technician")
    issued = await house.log_in("tech@acme.example")
    assert not (await house.who(issued.access_token)).allows("auth.roles.create")
    [role] = await house.sql("SELECT id FROM psa.role WHERE key = 'admin' AND tenant_id = $1", house.acme)
    async with house.kernel.unit(house.acme) as unit:
        await unit.records.link("users", user, "roles", [role["id"]])
    assert (await house.who(issued.access_token)).allows("auth.roles.create")
    async with house.kernel.unit(house.acme) as unit:
        await unit.records.unlink("users", user, "roles", [role["id"]])
    assert not (await house.who(issued.access_token)).allows("auth.roles.create")


async def test_a_roles_new_grant_counts_at_the_next_request(house: House) -> None:
    """AUTH-21, AUTH-52: also a denial, which beats what another role allows."""
    await house.person("tech@acme.example", "technician", "manager")
    issued = await house.log_in("tech@acme.example")
    assert (await house.who(issued.access_token)).allows("auth.groups.delete")
    [role] = await house.sql(
        "SELECT id FROM psa.role WHERE key = 'technician' AND tenant_id = $1", house.acme
    )
    async with house.kernel.unit(house.acme) as unit:
        await unit.records.update("roles", role["id"], {"grants": ["!auth.groups.delete", "x.*"]})
    who = await house.who(issued.access_token)
    assert not who.allows("auth.groups.delete")
    assert who.allows("auth.groups.update")
    assert who.allows("x.y.z")


async def test_a_suspended_organisation_is_refused_at_the_next_request(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AUTH-21; a second at most in other processes, at once where it happened."""
    issued = await house.log_in()
    await house.who(issued.access_token)
    await house.sql("UPDATE psa.tenant SET status = 'suspended' WHERE id = $1", house.acme)
    authenticate.forget(house.kernel, house.acme)
    with pytest.raises(Forbidden) as caught:
        await house.who(issued.access_token)
    assert caught.value.code == "tenant_suspended"
    await house.sql("UPDATE psa.tenant SET status = 'active' WHERE id = $1", house.acme)
    authenticate.forget(house.kernel, house.acme)
    await house.who(issued.access_token)
    # What another process changes is noticed when the memory of it is a second old.
    await house.sql("UPDATE psa.session SET revoked_at = now() WHERE id = $1", issued.session_id)
    monkeypatch.setattr(authenticate, "FRESH_SECONDS", 0)
    later = authenticate.time.monotonic() + 1.01
    monkeypatch.setattr(authenticate.time, "monotonic", lambda: later)
    assert await house.is_dead(issued.access_token)


async def test_a_look_up_that_a_change_overtakes_is_not_remembered(house: House) -> None:
    memory = authenticate._memory(house.kernel)
    issued = await house.log_in()
    generation = memory.generation
    await house.who(issued.access_token)
    authenticate.forget(house.kernel, house.acme)
    key = next(iter(memory.known))
    memory.known[key] = (memory.known[key][0], generation, memory.known[key][2])
    assert memory.get(key) is None


async def test_a_token_is_looked_up_once_a_second(house: House) -> None:
    issued = await house.log_in()
    await house.who(issued.access_token)
    await house.sql("UPDATE psa.session SET revoked_at = now()")
    assert not await house.is_dead(issued.access_token)


async def test_being_seen_is_written_at_most_once_a_minute(house: House) -> None:
    issued = await house.log_in()

    async def seen() -> object:
        return (await house.sql("SELECT last_seen_at FROM psa.session"))[0][0]

    at_login = await seen()
    house.later(seconds=59)
    await house.who(issued.access_token)
    assert await seen() == at_login
    house.later(seconds=1)
    await house.who(issued.access_token)
    assert await seen() == house.clock.now()


async def test_a_browser_session_ends_by_idleness_and_by_age(house: House) -> None:
    """S6."""
    issued = await house.log_in(transport="cookie")
    assert issued.refresh_token == ""
    with pytest.raises(Unauthenticated):
        await house.who(issued.access_token)
    for _ in range(13):
        house.later(minutes=54)
        await house.who(issued.access_token, by_cookie=True)
    house.later(minutes=54)
    with pytest.raises(Unauthenticated):
        await house.who(issued.access_token, by_cookie=True)
    issued = await house.log_in(transport="cookie")
    house.later(minutes=61)
    with pytest.raises(Unauthenticated):
        await house.who(issued.access_token, by_cookie=True)


def scope(method: str = "GET", path: str = "/api/v1/tickets", **headers: str) -> dict[str, object]:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {
        "type": "http",
        "method": method,
        "path": path,
        "scheme": "https",
        "headers": [*raw, (b"host", b"psa.example")],
        "client": ("192.0.2.10", 1),
    }


async def test_without_a_credential_one_is_anonymous(house: House) -> None:
    assert await authenticate.authenticate(house.kernel, scope()) is ANONYMOUS


@pytest.mark.parametrize("value", ["Basic YTpi", "Bearer", "Bearer ", "psat_0", "Bearer  "])
async def test_a_malformed_header_is_no_credential(house: House, value: str) -> None:
    with pytest.raises(Unauthenticated) as caught:
        await authenticate.authenticate(house.kernel, scope(authorization=value))
    assert caught.value.headers["WWW-Authenticate"].startswith("Bearer")


async def test_a_bearer_token_counts_before_a_cookie_and_needs_no_csrf_token(house: House) -> None:
    issued = await house.log_in()
    request = scope("POST", authorization=f"bearer {issued.access_token}", cookie="psa_staff=x")
    assert (await authenticate.authenticate(house.kernel, request)).id == house.admin


async def test_a_cookie_needs_the_csrf_token_and_the_own_origin_to_write(house: House) -> None:
    """S17."""
    token = (await house.log_in(transport="cookie")).access_token
    good = {"cookie": f"a=b; psa_staff={token}", "x_csrf_token": browser.csrf_token(token)}

    async def allowed(method: str, **headers: str) -> bool:
        try:
            who = await authenticate.authenticate(house.kernel, scope(method, **headers))
        except Forbidden as problem:
            return problem.code != "csrf"
        return who.by_cookie

    assert await allowed("GET", cookie=good["cookie"])
    assert await allowed("POST", **good)
    assert await allowed("DELETE", **good, origin="https://psa.example", sec_fetch_site="same-origin")
    for wrong in (
        {"cookie": good["cookie"]},
        {**good, "x_csrf_token": "0" * 64},
        {**good, "origin": "https://evil.example"},
        {**good, "origin": "null"},
        {**good, "origin": "http://psa.example"},
        {**good, "sec_fetch_site": "cross-site"},
        {**good, "sec_fetch_site": "same-site"},
    ):
        assert not await allowed("POST", **wrong)


async def test_each_audience_has_its_own_cookie(house: House) -> None:
    """AUTH-51, S39."""
    token = (await house.log_in(transport="cookie")).access_token
    cookie = f"psa_staff={token}"
    portal = scope(path="/api/v1/portal/tickets", cookie=cookie)
    assert await authenticate.authenticate(house.kernel, portal) is ANONYMOUS


def test_cookies_are_bound_to_the_host_where_there_is_tls() -> None:
    assert browser.cookie_name(Config(public_url="https://psa.example"), "staff") == "__Host-psa_staff"
    assert browser.cookie_name(Config(), "portal") == "psa_portal"


async def test_a_confined_session_holds_no_permission(house: House) -> None:
    """AUTH-23: an expired password opens a session that can only change it."""
    from psa_kernel.principal import KernelPrincipal

    who: KernelPrincipal = await house.principal("admin@acme.example")
    confined = KernelPrincipal(
        **{name: getattr(who, name) for name in who.__struct_fields__ if name != "confined"},
        confined="password_expired",
    )
    assert confined.scopes_of("auth.users.read") == ()
    assert Grants(["*"]).allows("auth.users.read")


async def test_it_works_in_a_single_tenant_installation(new_kernel) -> None:
    """TEN-14."""
    from psa_kernel.builtin.auth.login import Attempt, log_in
    from psa_kernel.builtin.tenancy.provisioning import ensure_single

    kernel: Kernel = await new_kernel(multi_tenant=False)
    tenant = await ensure_single(kernel, admin_email="admin@one.example", admin_password=PASSWORD)
    attempt = Attempt(email="admin@one.example", password=PASSWORD, audience="staff")
    issued = await log_in(kernel, tenant, attempt, HERE)
    assert (await authenticate.identify(kernel, issued.access_token, None)).allows("auth.users.create")
    again = await refresh(kernel, "staff", issued.refresh_token, HERE)
    assert (await authenticate.identify(kernel, again.access_token, None)).tenant_id == tenant
