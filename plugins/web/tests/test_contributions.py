"""What a plugin contributes appears where it belongs, and a broken part never breaks the page."""

import re
from uuid import UUID

import psa_dummy.pages
from psa_sdk.testing import Client, Kit

from .conftest import read, send


async def company(kit: Kit, admin: Client) -> str:
    answer = await admin.post("/companies", {"name": "Sample Ltd"})
    return answer.json()["data"]["id"]


async def test_a_panel_is_on_the_page_of_another_plugins_record(kit, admin):
    shown = await company(kit, admin)
    assert "panel-dummy-gadgets" not in (await read(admin, f"/ui/companies/{shown}")).text
    async with kit.unit() as ctx:
        await ctx.records.create("dummy-gadgets", {"name": "Laptop", "company": UUID(shown)})
    assert "panel-dummy-gadgets" in (await read(admin, f"/ui/companies/{shown}")).text


async def test_a_broken_part_leaves_the_page_whole(kit, admin, monkeypatch):
    shown = await company(kit, admin)
    monkeypatch.setattr(psa_dummy.pages, "GADGETS", "nothing-of-this-name")
    answer = await read(admin, f"/ui/companies/{shown}")
    assert answer.status_code == 200
    assert "Sample Ltd" in answer.text
    assert "could not be loaded" in answer.text


async def test_a_page_of_ones_own_replaces_the_generated_one(admin):
    answer = await read(admin, "/ui/gadgets")
    assert answer.status_code == 200


async def test_scripts_and_styles_are_on_every_page(admin):
    page = (await read(admin, "/ui/")).text
    assert "/static/p/dummy/depot.js?v=" in page
    (styles,) = re.findall(r'href="(/static/s/[0-9a-f]+\.css)"', page)
    assert ".dummy-kind" in (await read(admin, styles)).text


async def test_an_action_answers_the_pages_script(admin):
    answer = await send(admin, "/ui/gadgets/count")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("application/json")
    assert "html" in answer.json()


async def test_who_lacks_a_right_sees_neither_page_nor_entry_nor_column(kit):
    clerk = await kit.staff("contacts.companies.read")
    assert (await read(clerk, "/ui/gadgets")).status_code == 403
    page = (await read(clerk, "/ui/companies")).text
    assert "/ui/gadgets" not in page
    assert "/ui/companies/new" not in page, "who may not create is not invited to"


async def test_an_entry_that_depends_on_who_asks_is_shown_to_them_only(kit, admin):
    assert "Retired gadgets" in (await read(admin, "/ui/companies")).text
    clerk = await kit.staff("contacts.companies.read", "dummy.dummy_gadgets.read")
    assert "Retired gadgets" not in (await read(clerk, "/ui/companies")).text


async def test_a_module_that_is_off_is_gone_from_the_pages(kit, admin):
    await kit.installation.switch(kit.tenant_id, "dummy", on=False)
    try:
        assert (await read(admin, "/ui/gadgets")).status_code == 404
        assert "/ui/gadgets" not in (await read(admin, "/ui/")).text
    finally:
        await kit.installation.switch(kit.tenant_id, "dummy", on=True)


async def test_what_background_work_did_is_told_of_its_plugin_not_of_its_code(kit, admin):
    shown = await company(kit, admin)
    async with kit.unit() as ctx:
        gadget = await ctx.records.create("dummy-gadgets", {"name": "Projector"})
    lent = await admin.post(f"/dummy/gadgets/{gadget}/lend", {"company": shown})
    assert lent.is_success, lent.text
    await kit.drain()
    page = (await read(admin, f"/ui/audit-logs?record_id={gadget}&action=lend")).text
    assert "note_lending" not in page
    assert re.search(r">\s*Dummy\s*<", page), page
    (entry,) = {*re.findall(r'href="(/ui/audit-logs/[0-9a-f-]{36})"', page)}
    heading, facts = (await read(admin, entry)).text.split("<h3>", 1)
    assert "<h2>Dummy: lend" in heading
    assert "psa_dummy.subscribers.note_lending" in facts


async def test_a_client_is_not_let_into_the_console(kit, admin):
    shown = await company(kit, admin)
    client = await kit.portal(shown, admin=True)
    answer = await read(client, "/ui/companies")
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/ui/login")


async def test_strangers_are_sent_to_the_log_in_and_back(kit):
    stranger = Client(kit.installation, tenant=kit.slug)
    answer = await read(stranger, "/ui/companies")
    assert (answer.status_code, answer.headers["location"]) == (303, "/ui/login?next=/ui/companies")
    assert (await read(stranger, "/ui/login")).status_code == 200


async def test_faults_of_a_form_name_their_fields(admin):
    answer = await send(admin, "/ui/companies/new", name="", website="nowhere")
    assert answer.status_code == 422
    assert {fault["field"] for fault in answer.json()["faults"]} == {"name", "website"}


async def test_pages_allow_nothing_inline(admin):
    policy = (await read(admin, "/ui/")).headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy


async def test_every_resource_has_its_pages(kit, admin):
    failed: list[str] = []
    for name, resource in kit.installation.resources.items():
        if "list" in resource.verbs and resource.url != "/gadgets":
            answer = await read(admin, f"/ui{resource.url}")
            if answer.status_code not in {200, 403}:
                failed.append(f"{name}: {answer.status_code}")
        if "create" in resource.verbs and resource.write is not None:
            answer = await read(admin, f"/ui{resource.url}/new")
            if answer.status_code not in {200, 403}:
                failed.append(f"{name} form: {answer.status_code}")
    assert failed == []


async def test_what_somebody_wrote_is_neither_html_nor_a_format_where_texts_are_translated(
    kit: Kit, admin: Client
):
    """S18: titles are translated, and a record's is what its writer likes."""
    made = await admin.post("/groups", {"name": "</title><b data-evil>100% done"})
    page = await read(admin, f"/ui/groups/{made.json()['data']['id']}")
    assert page.status_code == 200, page.text
    assert "<b data-evil>" not in page.text
    assert "<title>&lt;/title&gt;&lt;b data-evil&gt;100% done" in page.text
