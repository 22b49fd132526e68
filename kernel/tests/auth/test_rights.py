"""Who may change rights: AUTH-50, AUTH-51, AUTH-52; and the directory that plugins use."""

import asyncio
import sys
import types
from uuid import UUID

import pytest

from psa_kernel.builtin.auth.authenticate import identify
from psa_kernel.builtin.auth.login import Attempt, log_in
from psa_kernel.builtin.auth.password_change import set_password
from psa_kernel.builtin.auth.provisioning import ensure_account
from psa_kernel.builtin.auth.roles import code_grants, complete
from psa_kernel.builtin.tenancy.provisioning import provision
from psa_kernel.kernel import Kernel
from psa_kernel.principal import KernelPrincipal
from psa_sdk import Manifest, hookimpl
from psa_sdk.access import STANDARD_ROLES
from psa_sdk.errors import Conflict, Forbidden, Invalid, NotFound, Problem, Unauthenticated
from psa_sdk.identity import Directory
from psa_sdk.tables import new_id

from .conftest import HERE, PASSWORD, House


async def role(house: House, key: str) -> UUID:
    rows = await house.sql("SELECT id FROM psa.role WHERE key = $1 AND tenant_id = $2", key, house.acme)
    return rows[0]["id"]


@pytest.fixture
async def helper(house: House) -> KernelPrincipal:
    """Manages users and roles without being an administrator."""
    async with house.kernel.unit(house.acme) as unit:
        await unit.records.create(
            "roles",
            {"key": "helper", "title": "Helper", "grants": ["auth.users.*", "auth.roles.*", "x.*"]},
        )
    await house.person("helper@acme.example", "helper")
    return await house.principal("helper@acme.example")


def acting(house: House, who: KernelPrincipal):
    return house.kernel.unit(house.acme, principal=who)


async def test_every_organisation_starts_with_the_nine_roles(house: House) -> None:
    rows = await house.sql("SELECT key, audience FROM psa.role WHERE standard AND tenant_id = $1", house.acme)
    assert {(row["key"], row["audience"]) for row in rows} == {
        (key, audience) for key, _, audience in STANDARD_ROLES
    }


async def test_code_grants_come_from_the_installed_plugins(house: House) -> None:
    grants = code_grants(house.kernel.registry)
    assert grants["super_admin"] == ("*",)
    assert "auth.*" in grants["admin"]
    assert not any(grant.startswith(("*", "tenancy.tenants")) for grant in grants["admin"])
    assert "auth.groups.*" in grants["manager"]
    assert all(not grant.startswith("auth.") for grant in grants["client_user"])


async def test_nobody_gives_a_role_that_holds_more_than_they_do(
    house: House, helper: KernelPrincipal
) -> None:
    """AUTH-50, mokosh F1: neither to others nor to oneself."""
    tech = await house.person("tech@acme.example")
    admin = await role(house, "admin")
    for account in (tech, helper.id):
        with pytest.raises(Forbidden) as caught:
            async with acting(house, helper) as unit:
                await unit.records.link("users", account, "roles", [admin])
        assert caught.value.code == "exceeds_own_rights"
    async with acting(house, helper) as unit:
        await unit.records.link("users", tech, "roles", [await role(house, "helper")])


async def test_nobody_makes_or_widens_a_role_beyond_their_own_rights(
    house: House, helper: KernelPrincipal
) -> None:
    """AUTH-50."""
    for grants in (["*"], ["x.y.z", "billing.*"], ["auth.*"]):
        with pytest.raises(Forbidden):
            async with acting(house, helper) as unit:
                await unit.records.create("roles", {"key": "wide", "title": "Wide", "grants": grants})
        with pytest.raises(Forbidden):
            async with acting(house, helper) as unit:
                await unit.records.update("roles", await role(house, "helper"), {"grants": grants})
    async with acting(house, helper) as unit:
        await unit.records.create("roles", {"key": "narrow", "title": "N", "grants": ["x.y.*@own"]})


async def test_nobody_touches_an_account_or_role_that_holds_more(
    house: House, helper: KernelPrincipal
) -> None:
    """AUTH-50: a changed address would be a take-over by password reset."""
    for values in ({"email": "helper+x@acme.example"}, {"status": "disabled"}):
        with pytest.raises(Forbidden):
            async with acting(house, helper) as unit:
                await unit.records.update("users", house.admin, values)
    with pytest.raises(Forbidden):
        async with acting(house, helper) as unit:
            await unit.records.delete("users", house.admin)
    with pytest.raises(Forbidden):
        async with acting(house, helper) as unit:
            await unit.records.unlink("users", house.admin, "roles", [await role(house, "admin")])
    with pytest.raises(Forbidden):
        async with acting(house, helper) as unit:
            await unit.records.update("roles", await role(house, "admin"), {"grants": ["x.*"]})
    async with acting(house, helper) as unit:
        await unit.records.update("users", house.admin, {"job_title": "Owner"})


async def test_the_last_active_administrator_stays(house: House) -> None:
    """AUTH-50: not even the system removes them."""
    admin = await role(house, "admin")
    attempts = (
        lambda unit: unit.records.update("users", house.admin, {"status": "disabled"}),
        lambda unit: unit.records.delete("users", house.admin),
        lambda unit: unit.records.unlink("users", house.admin, "roles", [admin]),
    )
    await house.person("off@acme.example", "admin", password="")
    for attempt in attempts:
        with pytest.raises(Conflict) as caught:
            async with house.kernel.unit(house.acme) as unit:
                await attempt(unit)
        assert caught.value.code == "last_administrator"
    await house.person("second@acme.example", "admin")
    async with house.kernel.unit(house.acme) as unit:
        await attempts[0](unit)


async def test_two_administrators_can_not_remove_each_other_at_once(house: House) -> None:
    """AUTH-50."""
    second = await house.person("second@acme.example", "admin")

    async def demote(account: UUID) -> None:
        async with house.kernel.unit(house.acme) as unit:
            await unit.records.update("users", account, {"status": "disabled"})

    for _ in range(3):
        results = await asyncio.gather(demote(house.admin), demote(second), return_exceptions=True)
        assert sorted(type(result).__name__ for result in results) == ["Conflict", "NoneType"]
        await house.sql("UPDATE psa.account SET status = 'active'")


async def test_administrators_can_not_be_denied_anything(house: House) -> None:
    with pytest.raises(Invalid, match="nobody could undo"):
        async with house.kernel.unit(house.acme) as unit:
            await unit.records.update("roles", await role(house, "admin"), {"grants": ["!auth.*"]})


async def test_standard_roles_keep_key_title_and_existence(house: House) -> None:
    technician = await role(house, "technician")
    with pytest.raises(Invalid) as caught:
        async with house.kernel.unit(house.acme) as unit:
            await unit.records.update(
                "roles", technician, {"key": "other", "title": "Other", "audience": "portal"}
            )
    assert len(caught.value.faults) == 3
    with pytest.raises(Conflict):
        async with house.kernel.unit(house.acme) as unit:
            await unit.records.delete("roles", technician)


async def test_patterns_are_refused_in_roles_for_clients(house: House) -> None:
    """They would gain what a plugin adds tomorrow; denials may be as wide as they like."""
    grants = ["*", "contacts.*", "contacts.sites.read", "!contacts.companies.*"]
    with pytest.raises(Invalid, match="names each permission") as caught:
        async with house.kernel.unit(house.acme) as unit:
            await unit.records.create(
                "roles", {"key": "wide", "title": "Wide", "audience": "portal", "grants": grants}
            )
    assert [fault.pointer for fault in caught.value.faults] == [
        "/data/attributes/grants/0",
        "/data/attributes/grants/1",
    ]


async def test_malformed_grants_are_all_named(house: House) -> None:
    with pytest.raises(Invalid) as caught:
        async with house.kernel.unit(house.acme) as unit:
            await unit.records.create(
                "roles", {"key": "bad", "title": "Bad", "grants": ["a.b", "*.read", "!x.y@own"]}
            )
    assert [fault.pointer for fault in caught.value.faults] == [
        "/data/attributes/grants/1",
        "/data/attributes/grants/2",
    ]


async def test_a_staff_role_is_for_staff(house: House) -> None:
    """AUTH-51."""
    user = await house.person("tech@acme.example")
    with pytest.raises(Invalid, match="portal accounts only"):
        async with house.kernel.unit(house.acme) as unit:
            await unit.records.link("users", user, "roles", [await role(house, "client_admin")])


@pytest.mark.parametrize(
    ("values", "pointer"),
    [
        ({"email": "no address"}, "/data/attributes/email"),
        ({"email": "a@b@c.example"}, "/data/attributes/email"),
        ({"timezone": "Mars/Base"}, "/data/attributes/timezone"),
    ],
)
async def test_a_malformed_account_is_refused(house: House, values: dict[str, str], pointer: str) -> None:
    with pytest.raises(Invalid) as caught:
        async with house.kernel.unit(house.acme) as unit:
            await unit.records.create("users", {"name": "Ann", "email": "ann@acme.example", **values})
    assert caught.value.faults[0].pointer == pointer


async def test_an_address_is_taken_once_per_organisation(house: House) -> None:
    """TEN-06."""
    await house.person("ann@example.com", tenant=house.rival)
    await house.person("ann@example.com")
    with pytest.raises(Problem):
        async with house.kernel.unit(house.acme) as unit:
            await unit.records.create("users", {"name": "Ann", "email": "ANN@example.com"})


async def portal_account(house: House, **options: object):
    async with house.kernel.unit(house.acme) as unit:
        return await unit.service(Directory).open_portal_account(
            **{
                "email": "client@example.com",
                "name": "Client",
                "role": "client_user",
                "company_id": new_id(),
                "contact_id": new_id(),
                **options,
            }
        )


async def test_a_contact_gets_and_loses_portal_access(house: House) -> None:
    """PRT-03."""
    opened = await portal_account(house)
    assert (opened.audience, opened.status) == ("portal", "invited")
    [request] = await house.sql("SELECT purpose FROM psa.password_request")
    assert request["purpose"] == "invitation"
    await set_password(house.kernel, house.acme, opened.id, PASSWORD)
    issued = await house.log_in("client@example.com", audience="portal")
    who = await house.who(issued.access_token)
    assert (who.audience, who.kind, who.who.company_id) == ("portal", "contact", opened.company_id)
    assert not who.who.client_admin
    again = await portal_account(
        house,
        account_id=opened.id,
        role="client_admin",
        company_id=opened.company_id,
        contact_id=opened.contact_id,
    )
    assert again.status == "active"
    who = await house.who(issued.access_token)
    assert who.who.client_admin
    assert who.role_keys == ("client_admin",)
    async with house.kernel.unit(house.acme) as unit:
        await unit.service(Directory).disable_account(opened.id, erase=True)
    with pytest.raises(Unauthenticated):
        await house.who(issued.access_token)
    [row] = await house.sql("SELECT name, email FROM psa.account WHERE id = $1", opened.id)
    assert "client" not in f"{row['name']} {row['email']}".lower()


async def test_a_portal_account_has_an_address_of_its_own_and_a_portal_role(house: House) -> None:
    await portal_account(house)
    with pytest.raises(Conflict):
        await portal_account(house)
    with pytest.raises(Invalid):
        await portal_account(house, email="other@example.com", role="admin")
    with pytest.raises(NotFound):
        await portal_account(house, email="other@example.com", account_id=house.admin)


async def test_the_directory_knows_people_teams_and_holders(house: House) -> None:
    tech = await house.person("tech@acme.example", "technician")
    await house.person("tech@rival.example", "technician", tenant=house.rival)
    await house.person("off@acme.example", "admin", password="")
    async with house.kernel.unit(house.acme) as unit:
        team = await unit.records.create("groups", {"name": "Desk", "manager": house.admin})
        await unit.records.link("groups", team, "members", [tech])
        directory = unit.service(Directory)
        assert set(await directory.users([tech, new_id()])) == {tech}
        assert (await directory.teams([team]))[team].member_ids == (tech,)
        assert [who.id for who in await directory.holders("auth.users.create")] == [house.admin]
        readers = await directory.holders("auth.users.read")
        assert {who.id for who in readers} == {house.admin, tech}
        assert [who.id for who in await directory.holders("auth.users.read", team_id=team)] == [tech]
    who = await house.principal("tech@acme.example")
    assert who.who.team_ids == (team,)
    async with house.kernel.unit(house.acme) as unit:
        assert await unit.service(Directory).end_sessions(tech, reason="test") == 1


async def test_a_role_that_a_plugin_brings_is_made_and_granted(new_kernel, tmp_path) -> None:
    """A plugin installed later: its role appears with the next start."""
    module = types.ModuleType("psa_cars")
    module.__file__ = str(tmp_path / "cars.py")

    @hookimpl
    def psa_manifest() -> Manifest:
        return Manifest(name="cars", title="Cars", roles={"driver": ("auth.users.read",)})

    module.psa_manifest = psa_manifest
    sys.modules["psa_cars"] = module
    kernel: Kernel = await new_kernel([module])
    tenant = await provision(kernel, slug="acme", name="Acme")
    async with kernel.unit(tenant) as unit:
        await unit.db.execute("DELETE FROM psa.role WHERE key = 'driver'")
    await complete(kernel)
    await ensure_account(kernel, tenant, email="d@acme.example", roles=("driver",), password=PASSWORD)
    attempt = Attempt(audience="staff", email="d@acme.example", password=PASSWORD)
    issued = await log_in(kernel, tenant, attempt, HERE)
    who = await identify(kernel, issued.access_token, None)
    assert who.allows("auth.users.read")
    async with kernel.unit(tenant) as unit:
        rows = await unit.db.fetch("SELECT title, audience, standard FROM psa.role WHERE key = 'driver'")
    assert [tuple(row) for row in rows] == [("Driver", "staff", True)]
