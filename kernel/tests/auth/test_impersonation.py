"""Acting as somebody else: AUTH-53."""

import pytest

from psa_kernel.builtin.auth.authenticate import forget
from psa_kernel.builtin.auth.impersonating import begin_impersonation
from psa_kernel.builtin.auth.sessions import end_sessions
from psa_kernel.principal import KernelPrincipal
from psa_sdk.errors import Conflict, Forbidden, NotFound, Unauthenticated

from .conftest import HERE, House, Phone


async def begin(house: House, who: KernelPrincipal, id: object) -> str:
    async with house.kernel.unit(house.acme, principal=who, request=HERE) as unit:
        return (await begin_impersonation(unit, who, id, "A call for help", transport="cookie"))[
            1
        ].access_token


async def test_both_names_are_in_every_entry_and_what_is_sensitive_is_barred(phone: Phone) -> None:
    house = phone.house
    tech = await house.person("tech@acme.example", "technician", "manager")
    assert (await phone.ask("POST", f"/users/{tech}/impersonate", reason="")).status_code == 422
    begun = await phone.ask("POST", f"/users/{tech}/impersonate", reason="Cannot see the queue")
    assert begun.status_code == 201, begun.text
    phone.token = begun.json()["data"]["attributes"]["access_token"]
    who = await house.who(phone.token)
    assert (who.id, who.impersonator_id, who.label) == (tech, house.admin, "tech (by Administrator)")
    async with house.kernel.unit(house.acme, principal=who, request=HERE) as unit:
        await unit.records.create("groups", {"name": "Night shift"})
    [entry] = await house.sql(
        "SELECT * FROM psa.audit_entry WHERE resource = 'groups' AND action = 'created'"
    )
    assert (entry["actor_id"], entry["on_behalf_of"]) == (tech, house.admin)
    assert entry["actor_label"] == "tech (by Administrator)"
    [entry] = await house.audited("impersonation_began")
    assert "Cannot see the queue" in entry["detail"]
    barred = [
        ("POST", "/auth/password", {"current_password": "x", "new_password": "y"}),
        ("POST", "/auth/mfa/setup", {}),
        ("POST", "/auth/passkeys/options", {}),
        ("PATCH", "/auth/me", {"name": "Somebody"}),
        ("POST", "/api-keys", {"name": "mine", "scopes": ["*"]}),
        ("POST", f"/users/{house.admin}/impersonate", {"reason": "further up"}),
        ("PATCH", "/settings/auth", {"values": {"browser_hours": 3}}),
    ]
    for method, path, attributes in barred:
        answer = await phone.ask(method, path, **attributes)
        assert answer.status_code == 403, (path, answer.text)
    assert (await phone.ask("POST", "/auth/logout")).status_code == 204
    assert (await phone.ask("GET", "/auth/me")).status_code == 401


async def test_nobody_gets_more_than_they_hold_nor_into_another_tenant(house: House) -> None:
    admin = await house.principal("admin@acme.example")
    tech = await house.person("tech@acme.example", "technician")
    above = await house.person("super@acme.example", "super_admin")
    manager = await house.person("manager@acme.example", "manager")
    foreign = await house.person("tech@rival.example", "technician", tenant=house.rival)
    with pytest.raises(Forbidden):
        await begin(house, admin, above)
    with pytest.raises(Forbidden):
        await begin(house, await house.principal("tech@acme.example"), manager)
    with pytest.raises(NotFound):
        await begin(house, admin, foreign)
    with pytest.raises(Conflict):
        await begin(house, admin, house.admin)
    token = await begin(house, admin, tech)
    who = await house.who(token, by_cookie=True)
    assert who.allows("auth.users.read")
    assert not who.allows("auth.api_keys.create")
    # What the impersonated gain later still stops at what the impersonator holds.
    await house.person("super@acme.example", "admin")
    async with house.kernel.unit(house.acme) as unit:
        [role] = await unit.db.fetch("SELECT id FROM psa.role WHERE key = 'super_admin'")
        await unit.records.link("users", tech, "roles", [role["id"]])
    assert not (await house.who(token, by_cookie=True)).allows("tenancy.tenants.create")


async def test_it_ends_after_half_an_hour_and_with_whoever_began_it(house: House) -> None:
    second = await house.person("second@acme.example", "admin")
    tech = await house.person("tech@acme.example", "technician")

    async def over(token: str) -> bool:
        try:
            await house.who(token, by_cookie=True)
        except Unauthenticated:
            return True
        return False

    token = await begin(house, await house.principal("admin@acme.example"), tech)
    house.later(minutes=29)
    assert not await over(token)
    house.later(minutes=1)
    assert await over(token)
    ended = await house.principal("second@acme.example")
    token = await begin(house, ended, tech)
    async with house.kernel.unit(house.acme) as unit:
        await end_sessions(unit, second, "logout", only=ended.session_id)
    forget(house.kernel, house.acme)
    assert await over(token)
    token = await begin(house, await house.principal("second@acme.example"), tech)
    async with house.kernel.unit(house.acme) as unit:
        [role] = await unit.db.fetch("SELECT id FROM psa.role WHERE key = 'admin'")
        await unit.records.unlink("users", second, "roles", [role["id"]])
    assert await over(token)
