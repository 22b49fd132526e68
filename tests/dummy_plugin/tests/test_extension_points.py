"""Each extension point does what its documentation says, shown by the plugin that uses them all."""

import ast
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest

import psa_dummy
import psa_sdk
from psa_dummy import pages, plugin
from psa_dummy.api import GADGETS, Lending
from psa_dummy.badges import PROVIDER, WAY
from psa_dummy.settings import DummySettings
from psa_sdk import hooks, tables, ui
from psa_sdk.errors import Conflict, Forbidden
from psa_sdk.identity import Directory
from psa_sdk.sign_in import ExternalIdentities
from psa_sdk.tables import new_id
from psa_sdk.testing import Kit

pytestmark = pytest.mark.psa(modules=(plugin,))
UNUSED: dict[str, str] = {}
"""Names of the SDK that the dummy plugin has no use for, each with the reason."""
UNUSED_TABLE_NAMES = {
    "PlatformTable": "only the kernel declares these",
    "Table": "the base of both kinds of tables",
    "Column": "only for annotations of code that handles columns",
    "And": "made by &",
    "Or": "made by |",
    "new_id": "the kernel gives ids",
}


def used_names(module: str) -> set[str]:
    """Return what the dummy plugin imports from a module of the SDK."""
    found: set[str] = set()
    for path in Path(psa_dummy.__file__ or "").parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module == module:
                found |= {alias.name for alias in node.names}
    return found


def test_every_name_of_the_sdk_is_used():
    unused = set(psa_sdk.__all__) - used_names("psa_sdk")
    assert unused - UNUSED.keys() == set()


def test_every_kind_of_column_is_used():
    assert set(tables.__all__) - used_names("psa_sdk.tables") - UNUSED_TABLE_NAMES.keys() == set()


SHELLS_ONLY = {"ShellFrame", "frames"}
"""What only the plugin of a shell declares: it is one page frame for everybody."""


def test_every_declaration_for_shells_is_used():
    declared = {
        name
        for name, thing in vars(ui).items()
        if isinstance(thing, type) and issubclass(thing, msgspec.Struct) and thing.__module__ == ui.__name__
    }
    assert declared - used_names("psa_sdk.ui") == SHELLS_ONLY & declared
    unused = {field.name for field in msgspec.structs.fields(ui.Ui) if not getattr(pages.UI, field.name)}
    assert unused - SHELLS_ONLY == set()


def test_every_hook_is_implemented():
    specified = {name for name in vars(hooks) if name.startswith("psa_")}
    assert {name for name in specified if not hasattr(plugin, name)} == set()


def test_every_field_of_the_manifest_is_filled():
    manifest = plugin.psa_manifest()
    assert [
        field.name for field in msgspec.structs.fields(manifest) if not getattr(manifest, field.name)
    ] == []


@pytest.mark.parametrize("kind", [psa_sdk.Resource, psa_sdk.Extension])
def test_every_option_of_resources_and_extensions_is_used(kind: Any):
    manifest = plugin.psa_manifest()
    made = manifest.resources if kind is psa_sdk.Resource else manifest.extensions
    unused = {
        field.name
        for field in msgspec.structs.fields(kind)
        if not field.required and all(_is(getattr(one, field.name), field.default) for one in made)
    }
    assert unused - {"portal"} == set() if kind is psa_sdk.Extension else unused == set()


def _is(value: Any, default: Any) -> bool:
    """Compare without asking columns, which answer with conditions."""
    return value is default or (not isinstance(value, tables.Column) and value == default)


async def a_gadget(kit: Kit, **given: Any) -> UUID:
    return (await kit.make(GADGETS, **given)).id


async def test_derived_and_computed_attributes_are_shown(kit: Kit):
    gadget = await a_gadget(kit, weight_kg="20.5")
    shown = (await (await kit.admin()).get(f"/dummy/gadgets/{gadget}")).json()["data"]["attributes"]
    assert shown["inventory_number"] == f"G{shown['number']:05d}"
    assert shown["heavy"] is True


async def test_a_service_an_event_and_an_audit_entry_work_together(kit: Kit):
    company, admin = (await kit.make("companies")).id, await kit.admin()
    gadget = await a_gadget(kit)
    answer = await admin.post(f"/dummy/gadgets/{gadget}/lend", {"company": str(company)})
    assert answer.json()["data"]["relationships"]["company"]["data"]["id"] == str(company)
    again = await admin.post(f"/dummy/gadgets/{gadget}/lend", {"company": str(company)})
    assert (again.status_code, again.json()["errors"][0]["code"]) == (409, "conflict")
    await kit.drain()
    rows = await kit.installation.rows(
        "SELECT detail FROM psa.audit_entry WHERE action = 'lend' AND record_id = $1", gadget
    )
    assert len(rows) == 1


async def test_a_domain_event_leads_to_background_work_once(kit: Kit):
    company, gadget = (await kit.make("companies")).id, await a_gadget(kit)
    async with kit.unit() as unit:
        assert unit.provides(Lending)
        await unit.service(Lending).lend(gadget, company)
    async with kit.unit() as unit:
        await unit.service(Lending).take_back(gadget)
    await kit.drain()
    await kit.drain()
    found = (await (await kit.admin()).get(f"/dummy/gadgets/{gadget}/inspections")).json()["data"]
    assert [one["attributes"]["finding"] for one in found] == ["came back"]


async def test_a_way_to_log_in_opens_a_session_for_whom_it_knows(kit: Kit):
    admin, stranger = await kit.admin(), kit.anonymous()
    async with kit.unit() as unit:
        badge = new_id()
        await unit.service(ExternalIdentities).link(PROVIDER, badge.hex, await admin.account_id())
    begun = (await stranger.post(f"/auth/sso/{WAY}/initiate", {})).json()["data"]["attributes"]
    for number, status in (("unknown", 401), (badge.hex, 201)):
        given = {"secret": begun["secret"], "answer": {"badge": number}}
        answer = await stranger.post(f"/auth/sso/{WAY}/callback", given)
        assert answer.status_code == status, answer.text
    token = answer.json()["data"]["attributes"]["access_token"]
    me = await stranger.get("/auth/me", headers={"Authorization": f"Bearer {token}"})
    assert me.json()["data"]["id"] == str(await admin.account_id())


async def test_an_interceptor_keeps_another_plugins_record(kit: Kit):
    company, gadget = (await kit.make("companies")).id, await a_gadget(kit)
    async with kit.unit() as unit:
        await unit.service(Lending).lend(gadget, company)
    answer = await (await kit.admin()).delete(f"/companies/{company}")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (409, "gadgets_lent")


async def test_a_record_event_of_another_plugin_is_heard(kit: Kit):
    company, gadget, admin = (await kit.make("companies")).id, await a_gadget(kit), await kit.admin()
    await admin.post(f"/dummy/gadgets/{gadget}/lend", {"company": str(company)})
    await admin.patch(f"/companies/{company}", {"name": "Renamed Ltd"})
    await kit.drain()
    remarks = (await admin.get(f"/dummy/gadgets/{gadget}/remarks")).json()["data"]
    assert [one["attributes"]["text"] for one in remarks] == ["Now at Renamed Ltd"]


async def test_an_extension_adds_attributes_filters_and_a_relationship(kit: Kit):
    admin = await kit.admin()
    company = (await kit.make("companies", lending_grade="bad")).id
    contact = (await kit.make("contacts", company=company)).id
    answer = await admin.patch(f"/companies/{company}", {}, {"lending_contact": contact})
    assert answer.json()["data"]["attributes"]["lending_grade"] == "bad"
    found = (
        await admin.get("/companies", params={"filter[lending_grade]": "bad", "include": "lending_contact"})
    ).json()
    assert [one["id"] for one in found["data"]] == [str(company)]
    assert [one["id"] for one in found["included"]] == [str(contact)]


async def test_many_to_many_is_written_from_either_end(kit: Kit):
    admin, gadget = await kit.admin(), await a_gadget(kit)
    label = (await kit.make("dummy-labels")).id
    link = [{"type": GADGETS, "id": str(gadget)}]
    answer = await admin.request(
        "POST", f"/dummy-labels/{label}/relationships/gadgets", content=msgspec.json.encode({"data": link})
    )
    assert answer.status_code == 204
    assert [one["id"] for one in (await admin.get(f"/dummy/gadgets/{gadget}/labels")).json()["data"]] == [
        str(label)
    ]


async def test_an_object_scope_limits_a_grant(kit: Kit):
    keeper = await kit.staff("dummy.dummy_gadgets.read@own", name="Keeper")
    own, other = await a_gadget(kit, keeper=await keeper.account_id()), await a_gadget(kit)
    assert [one["id"] for one in (await keeper.get("/dummy/gadgets")).json()["data"]] == [str(own)]
    assert (await keeper.get(f"/dummy/gadgets/{other}")).status_code == 404


async def test_a_hook_narrows_what_some_people_see(kit: Kit):
    gadget = await a_gadget(kit)
    async with kit.unit() as unit:
        await unit.records.update(GADGETS, gadget, {"state": "lost"})
    intern = await kit.staff("dummy.*", name="Intern Example")
    other = await kit.staff("dummy.*", name="Other Example")
    assert (await intern.get(f"/dummy/gadgets/{gadget}")).status_code == 404
    assert (await other.get(f"/dummy/gadgets/{gadget}")).status_code == 200


async def test_a_secret_is_revealed_to_people_and_not_to_programs(kit: Kit):
    gadget = await a_gadget(kit, unlock_code="1234")
    path = f"/dummy/gadgets/{gadget}/code"
    shown = await (await kit.admin()).request("PATCH", path)
    assert shown.json()["data"]["attributes"] == {"code": "1234"}
    refused = await (await kit.api_key()).request("PATCH", path)
    assert (refused.status_code, refused.json()["errors"][0]["detail"]) == (
        403,
        "Unlock codes are shown to people only.",
    )


async def test_a_secret_is_never_shown_where_that_cant_be_audited(kit: Kit):
    """What a GET asks reads only: documents tell whether a secret is set, and `reveal` says what to do."""
    gadget, admin = await a_gadget(kit, unlock_code="1234"), await kit.admin()
    for path in (f"/dummy/gadgets/{gadget}", "/dummy/gadgets"):
        assert "1234" not in (await admin.get(path)).text
        asked = await admin.get(path, params={"fields[dummy-gadgets]": "unlock_code"})
        assert asked.status_code in {200, 400}, asked.text
        assert "1234" not in asked.text
    assert (await admin.get("/dummy/gadgets", params={"sort": "unlock_code"})).status_code == 400
    kernel = kit.installation.kernel  # pyright: ignore
    async with kernel.unit(kit.tenant_id, readonly=True) as unit:
        with pytest.raises(Forbidden, match="dummy-gadgets.unlock_code is shown only where"):
            await unit.reveal(GADGETS, gadget, "unlock_code")
        assert await unit.reveal(GADGETS, gadget, "unlock_code", shown=False) == "1234"


async def test_a_file_is_stored_in_the_plugins_store(kit: Kit):
    gadget = await a_gadget(kit, name="Router")
    answer = await (await kit.admin()).post(f"/dummy/gadgets/{gadget}/manual")
    assert answer.status_code == 201, answer.text
    await kit.drain()
    async with kit.unit() as unit:
        (stored,) = await unit.files.attached(GADGETS, gadget)
        assert b"".join([part async for part in unit.files.read(stored.id)]) == b"How to use Router\n"
    assert plugin.SHELF._blobs  # pyright: ignore


async def test_settings_hold_a_users_choice_and_hide_a_secret(kit: Kit):
    admin = await kit.admin()
    values = {"longest_days": 14, "depot_key": "open sesame"}
    assert (await admin.patch("/settings/dummy", {"values": values}, type="settings")).status_code == 200
    assert (
        await admin.patch("/settings/dummy/mine", {"values": {"rows": 20}}, type="settings")
    ).status_code == 200
    assert (await admin.get("/dummy/mine")).json()["data"][0]["attributes"] == {"rows": 20}
    assert "open sesame" not in (await admin.get("/settings/dummy")).text
    async with kit.unit() as unit:
        assert (await unit.settings(DummySettings)).depot_key == "open sesame"


async def test_a_plugins_own_question_is_answered_by_those_who_are_switched_on(kit: Kit):
    fees = (await (await kit.admin()).get("/dummy/stock")).json()["data"]["attributes"]["fees"]
    assert fees == [{"amount": "2.50", "currency": "EUR"}]
    refused = await (await kit.admin()).post("/dummy/gadgets", {"name": "LAPTOP"}, type=GADGETS)
    assert refused.status_code == 422


async def test_the_seed_runs_for_a_new_tenant_and_the_demo_can(kit: Kit):
    names = {
        one["attributes"]["name"] for one in (await (await kit.admin()).get("/dummy-labels")).json()["data"]
    }
    assert names == {"Fragile", "New"}
    async with kit.unit() as unit:
        await plugin.defaults.demo(unit)
    assert len((await (await kit.admin()).get("/dummy/gadgets")).json()["data"]) == 20


async def test_a_public_route_asks_for_nobody(kit: Kit):
    answer = await kit.anonymous().get("/dummy/hello", headers={"X-Name": "Ann"})
    assert answer.json()["data"]["attributes"] == {"to": "Ann"}


async def test_hooks_reach_health_openapi_navigation_and_the_lifespan(
    kit: Kit, monkeypatch: pytest.MonkeyPatch
):
    anonymous = kit.anonymous()
    assert (await anonymous.get("/health/ready", headers={"Accept": "*/*"})).status_code == 200
    monkeypatch.setitem(plugin.depot, "depot", "its door is stuck")
    assert (await anonymous.get("/health/ready", headers={"Accept": "*/*"})).status_code == 503
    document = (await anonymous.get("/openapi.json", headers={"Accept": "*/*"})).json()
    assert document["info"]["x-depot"] == "dummy"
    async with kit.unit() as unit:
        assert plugin.psa_nav(unit.principal) == (pages.RETIRED_NAV,)
    assert plugin.running


async def test_pages_panels_and_columns_load_what_they_show(kit: Kit):
    company, gadget = (await kit.make("companies")).id, await a_gadget(kit)
    async with kit.unit() as unit:
        await unit.service(Lending).lend(gadget, company)
        assert len((await pages.load_page(unit))["gadgets"]) == 1
        assert await pages.load_count(unit, company) == {"count": 1}
        assert (await pages.load_column(unit, [company]))[company] == {"count": 1}


async def test_actions_and_searches_do_what_they_say(kit: Kit):
    gadget = await a_gadget(kit)
    async with kit.unit() as unit:
        number = (await unit.records.get(GADGETS, gadget))["number"]
        found = await pages.search_numbers(unit, f"g{number}")
        assert [hit.url for hit in found] == [f"/dummy/gadgets/{gadget}"]
        assert await pages.search_numbers(unit, "laptop") == ()
        assert (await pages.mark_seen(unit, [gadget])).toast == "1 seen"
        assert (await pages.show_count(unit)).data == {"count": 1}
        assert (await pages.retire(unit, gadget)).url == "/gadgets"
        assert await unit.records.find(GADGETS) == []


async def test_a_plugin_may_answer_browsers_outside_the_api(kit: Kit):
    said = await kit.anonymous().request("GET", "http://localhost/depot.txt", headers={"Accept": "*/*"})
    assert "plugins" in said.text


async def test_a_schedules_actor_sends_work_on(kit: Kit):
    gadget = await a_gadget(kit)
    async with kit.unit() as unit:
        await unit.send(plugin.actors.inspect_all)
    await kit.drain()
    found = (await (await kit.admin()).get(f"/dummy/gadgets/{gadget}/inspections")).json()["data"]
    assert [one["attributes"]["finding"] for one in found] == ["all well"]


async def test_inspections_are_never_changed(kit: Kit):
    inspection = (await kit.make("dummy-inspections")).id
    with pytest.raises(Exception, match="append-only|permission denied|never"):
        async with kit.unit() as unit:
            await unit.db.execute("UPDATE dummy.inspection SET finding = 'x' WHERE gadget = $1", inspection)


async def test_a_savepoint_undoes_only_what_happened_inside(kit: Kit):
    gadget = await a_gadget(kit)
    async with kit.unit() as unit:
        with pytest.raises(Conflict):
            async with unit.savepoint():
                await unit.records.update(GADGETS, gadget, {"batteries": 7})
                raise Conflict("no")
        assert (await unit.records.get(GADGETS, gadget))["batteries"] == 1


async def test_a_unit_acts_as_the_system_on_behalf_of_a_person(kit: Kit):
    nobody = await kit.staff(name="Nobody")
    async with kit.unit(nobody) as unit:
        with pytest.raises(Forbidden):
            unit.require("dummy.gadgets.lend")
        unit.as_system().require("dummy.gadgets.lend")
        assert unit.provides(Directory)


async def test_a_role_of_the_plugin_is_there(kit: Kit):
    keeper = await kit.staff(roles=("depot_keeper",))
    gadget = await a_gadget(kit, unlock_code="1")
    assert (await keeper.get(f"/dummy/gadgets/{gadget}")).status_code == 200
    assert (await keeper.request("PATCH", f"/dummy/gadgets/{gadget}/code")).status_code == 403
