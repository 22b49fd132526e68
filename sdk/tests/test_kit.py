"""The kit: tenants, people, records, the clock, background work and statements of a booted installation."""

import datetime
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from psa_sdk.errors import Forbidden
from psa_sdk.testing import Kit, NotBooting
from psa_sdk.testing.client import Client
from psa_sdk.testing.installation import Person

pytestmark = pytest.mark.psa(plugins=())


def names(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [one["attributes"]["name"] for one in answer.json()["data"]]


async def test_each_kit_has_a_tenant_of_its_own(new_kit):
    first, second = await new_kit(plugins=()), await new_kit(plugins=())
    assert first.installation is second.installation
    await first.make("groups", name="Dispatch")
    assert names(await (await first.admin()).get("/groups")) == ["Dispatch"]
    assert names(await (await second.admin()).get("/groups")) == []


async def test_a_neighbour_is_another_tenant(kit: Kit):
    neighbour = await kit.neighbour()
    assert neighbour.tenant_id != kit.tenant_id
    assert await neighbour.neighbour() is kit
    assert await kit.neighbour() is neighbour


@pytest.mark.psa(plugins=(), tenancy="single")
async def test_in_single_tenancy_there_is_one_tenant(kit: Kit):
    assert (await Kit.open(kit.installation)).tenant_id == kit.tenant_id
    with pytest.raises(AssertionError, match="one tenant"):
        await kit.neighbour()


async def test_staff_hold_exactly_what_they_are_granted(kit: Kit):
    made = (await kit.make("groups")).id
    reader, nobody = await kit.staff("auth.groups.read"), await kit.staff()
    assert (await reader.get(f"/groups/{made}")).status_code == 200
    assert (await reader.delete(f"/groups/{made}")).status_code == 403
    assert (await nobody.get("/groups")).status_code == 403
    assert await reader.account_id() != await nobody.account_id()


async def test_an_api_key_is_limited_by_its_scopes(kit: Kit):
    made = (await kit.make("groups")).id
    key = await kit.api_key("auth.groups.read")
    assert (await key.get(f"/groups/{made}")).status_code == 200
    assert (await key.delete(f"/groups/{made}")).status_code == 403


async def test_the_portal_and_nobody_are_kept_out(kit: Kit):
    portal = await kit.portal(UUID(int=7), "*")
    assert (await portal.get("/groups")).status_code == 404
    assert (await kit.anonymous().get("/groups")).status_code == 401
    with pytest.raises(AssertionError, match="Nobody"):
        await kit.anonymous().account_id()


async def test_an_unknown_role_is_said(kit: Kit):
    client = await kit.staff(roles=("wizard",))
    with pytest.raises(LookupError, match="wizard"):
        await client.get("/groups")


async def test_a_unit_of_work_acts_as_a_person(kit: Kit):
    nobody = await kit.staff()
    async with kit.unit(nobody) as unit:
        assert unit.principal.id == await nobody.account_id()
        with pytest.raises(Forbidden):
            unit.require("auth.groups.read")
    async with kit.unit() as unit:
        unit.require("auth.groups.read")


async def test_the_clock_stands_still_until_it_is_moved(new_kit):
    kit = await new_kit(plugins=(), shared=False)
    before, admin = kit.now, await kit.admin()
    assert (await admin.get("/groups")).status_code == 200
    kit.advance(datetime.timedelta(days=3))
    assert kit.now == before + datetime.timedelta(days=3)
    assert (await admin.get("/groups")).status_code == 200, "credentials are renewed"
    async with kit.unit() as unit:
        assert unit.now == kit.now


async def test_statements_are_counted(kit: Kit):
    admin = await kit.admin()
    await admin.get("/groups")
    async with kit.statements() as few:
        await admin.get("/groups")
    for _ in range(5):
        await kit.make("groups")
    async with kit.statements() as many:
        await admin.get("/groups?include=members")
    assert any("psa" in statement for statement in few)
    assert len(many) == len(few)


async def test_a_factory_fills_in_what_is_required(kit: Kit):
    first, second = await kit.make("groups"), await kit.make("groups", description="Those who drive")
    admin = await kit.admin()
    shown: Mapping[str, Any] = (await admin.get(f"/groups/{second.id}")).json()["data"]["attributes"]
    assert shown["description"] == "Those who drive"
    assert first.id != second.id


async def test_a_factory_says_what_it_could_not_make(kit: Kit):
    with pytest.raises(AssertionError, match="give it in samples: POST /groups"):
        await kit.make("groups", name="")


async def test_samples_say_how_records_are_made(new_kit):
    async def team(kit: Kit, given: dict[str, Any]) -> UUID:
        async with kit.unit() as unit:
            return await unit.records.create("groups", {"name": "By hand", **given})

    by_function = await new_kit(plugins=(), samples={"groups": team})
    by_values = await new_kit(
        plugins=(), samples={"groups": {"name": lambda n: f"Team {n}", "description": "x"}}
    )
    await by_function.make("groups")
    await by_values.make("groups")
    assert names(await (await by_function.admin()).get("/groups")) == ["By hand"]
    (by_number,) = names(await (await by_values.admin()).get("/groups"))
    assert by_number.removeprefix("Team ").isdecimal()


async def test_an_answer_that_is_no_document_is_noticed(kit: Kit):
    class Broken:
        """An installation whose application answers nonsense."""

        async def app(self, scope: Any, receive: Any, send: Any) -> None:
            headers = [(b"content-type", b"application/vnd.api+json")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": b'{"data": {"type": "groups"}}'})

    with pytest.raises(AssertionError, match="has no id"):
        await Client(Broken()).get("/groups")  # pyright: ignore[reportArgumentType]


async def test_what_does_not_boot_says_why(psa_bench):
    with pytest.raises(NotBooting, match="psa_manifest"):
        await psa_bench.install(plugins=(), modules=(sys,))


async def test_people_are_told_apart_by_name():
    tenant = UUID(int=1)
    assert Person(tenant_id=tenant, name="a") != Person(tenant_id=tenant, name="b")


def python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout


def test_pytest_imports_nothing_of_ours_before_the_tests_are_configured():
    said = python("import sys, pytest_psa; print([name for name in sys.modules if name.startswith('psa_')])")
    assert said.strip() == "[]"


def test_the_testing_package_imports_its_parts_when_they_are_asked_for():
    said = python("import sys, psa_sdk.testing; print('pytest' in sys.modules, 'httpx' in sys.modules)")
    assert said.strip() == "False False"
    with pytest.raises(AttributeError):
        import psa_sdk.testing

        psa_sdk.testing.Nothing  # noqa: B018 # pyright: ignore


def test_a_battery_runs_without_a_test_file(tmp_path: Path):
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    command = [sys.executable, "-m", "pytest", "-q", "--collect-only", "-p", "no:cacheprovider"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(
        [*command, "--psa-plugin", "contacts"], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert "TestConformance::test_every_table_keeps_tenants_apart" in done.stdout, done.stdout + done.stderr
