"""An installation of many tenants with a foreign plugin: the operator's pages, and every extension point."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Page, expect

from .conftest import PASSWORD, ROOT, Desk, launched, logged_in, started, watched

pytestmark = pytest.mark.browser
METADATA = "Metadata-Version: 2.1\nName: psa-dummy\nVersion: 0.1.0\n"


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """An installation of many tenants in which the dummy plugin is installed."""
    installed = tmp_path_factory.mktemp("site") / "psa_dummy-0.1.0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text(METADATA)
    (installed / "entry_points.txt").write_text("[psa.plugins]\ndummy = psa_dummy.plugin\n")
    path = f"{installed.parent}:{ROOT / 'tests/dummy_plugin/src'}"
    directory = tmp_path_factory.mktemp("platform")
    with started(directory, "--tenancy", "multi", environment={"PYTHONPATH": path}, tenant="main") as desk:
        yield desk


@pytest.fixture(scope="module")
def operator(platform: Desk, chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return logged_in(chromium, platform, tmp_path_factory.mktemp("session") / "state.json")


@pytest.fixture
def page(chromium: Browser, platform: Desk, operator: Path) -> Iterator[Page]:
    context = chromium.new_context(
        base_url=platform.url, storage_state=operator, viewport={"width": 1440, "height": 900}
    )
    context.set_default_timeout(15_000)
    page, wrong = watched(context, platform)
    yield page
    context.close()
    assert wrong == []


def send(platform: Desk, path: str, **attributes: str) -> str:
    """Post to the dummy plugin's API and return the id of what it answers."""
    document = {"data": {"type": "dummy-gadgets", "attributes": attributes}}
    answer = platform.api.post(path, json=document)
    assert answer.is_success, answer.text
    return answer.json()["data"]["id"]


def test_a_tenant_is_made_suspended_activated_and_deleted_by_typing_its_slug(page: Page, platform: Desk):
    page.goto("/ui/")
    page.get_by_role("navigation", name="Main navigation").get_by_role("link", name="Tenants").click()
    expect(page.locator("tbody tr[data-row]").filter(has_text="main")).to_be_visible()
    page.keyboard.press("c")
    page.get_by_label("Slug").fill("No Slug")
    page.get_by_label("Name").fill("North Support")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("[data-fault=slug]")).not_to_be_empty()
    page.get_by_label("Slug").fill("north")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="North Support").first).to_be_visible()
    page.get_by_label("Suspend, because").fill("unpaid")
    page.get_by_role("button", name="Suspend").click()
    expect(page.locator(".pill")).to_have_text("Suspended")
    page.get_by_role("button", name="Activate").click()
    expect(page.locator(".pill")).to_have_text("Active")
    page.get_by_label("Delete; type north to confirm").fill("nort")
    page.get_by_role("button", name="Delete").click()
    expect(page.locator("[data-fault=slug]")).not_to_be_empty()
    expect(page.locator(".pill")).to_have_text("Active")
    page.get_by_label("Delete; type north to confirm").fill("north")
    page.get_by_role("button", name="Delete").click()
    expect(page.locator(".pill")).to_have_text("Deleting")
    page.goto("/ui/tenants?q=north")
    expect(page.locator("tbody tr[data-row]")).to_have_count(1)
    told = platform.api.get("/audit-logs?filter[resource]=tenants&sort=occurred_at").json()["data"]
    assert [
        one["attributes"]["action"] for one in told if one["attributes"]["action"] != "tenant_provisioned"
    ] == [
        "tenant_suspended",
        "tenant_activated",
        "tenant_deletion_planned",
    ]


def test_only_the_operator_sees_tenants(chromium: Browser, platform: Desk, tmp_path: Path):
    state = logged_in(chromium, platform, tmp_path / "state.json", tenant="demo")
    context = chromium.new_context(base_url=platform.url, storage_state=state)
    page = context.new_page()
    page.goto("/ui/")
    expect(
        page.get_by_role("navigation", name="Main navigation").get_by_role("link", name="Tenants")
    ).to_have_count(0)
    answer = page.goto("/ui/tenants")
    assert answer is not None
    assert answer.status in {403, 404}
    context.close()


def test_a_plugin_contributes_to_every_place(page: Page, platform: Desk):
    company = platform.make("companies", name="Borrower Ltd")
    gadgets = [send(platform, "/dummy/gadgets", name=f"Projector {number}") for number in (1, 2)]
    page.goto("/ui/")
    expect(page.locator("[data-tile='dummy.count'] b")).to_have_text("2")
    expect(page.locator("[data-tile='dummy.broken']")).to_contain_text("could not be loaded")

    # Navigation, a page with a script and a style of its own, an action that shows.
    page.get_by_role("navigation", name="Main navigation").get_by_role(
        "link", name="Gadgets", exact=True
    ).click()
    expect(page.locator("psa-dummy-depot")).to_have_text("The depot is open.")
    page.get_by_role("button", name="Count").click()
    expect(page.locator("#count b")).to_have_text("2")
    expect(page.get_by_role("link", name="Retired gadgets")).to_have_count(1)

    # The generated list with a preset, a filter, a cell, an action for chosen rows that has a key.
    page.goto("/ui/dummy/gadgets")
    expect(page.locator(".dummy-kind")).to_have_count(2)
    expect(
        page.get_by_role("navigation", name="Saved views").get_by_role("link", name="Lent")
    ).to_contain_text("0")
    expect(page.locator("#filters").get_by_text("Lent", exact=True)).to_have_count(1)
    expect(page.locator("psa-list:defined")).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("e")
    expect(page.locator(".toast")).to_contain_text("1 seen")
    page.goto(f"/ui/dummy/gadgets/{gadgets[0]}")
    page.get_by_role("button", name="Seen").click()
    expect(page.locator(".toast")).to_contain_text("1 seen")

    # On another plugin's pages: panels, also one that comes later and one in a tab, and a column.
    send(platform, f"/dummy/gadgets/{gadgets[0]}/lend", company=company)
    page.goto("/ui/companies?q=Borrower")
    expect(page.locator("th", has_text="Gadgets")).to_have_count(1)
    page.goto(f"/ui/companies/{company}")
    expect(page.locator("#panel-dummy-gadgets b")).to_have_text("1")
    expect(page.locator("#panel-dummy-lazy b")).to_have_text("1")
    page.get_by_role("navigation", name="Parts of this record").get_by_role("link", name="Depot").click()
    expect(page.locator(".record-in b").last).to_have_text("1")

    # Commands, search, settings.
    page.keyboard.press("Control+k")
    page.keyboard.type("borrow")
    expect(page.get_by_role("option", name="Lend a gadget")).to_be_visible()
    page.keyboard.press("Escape")
    page.goto("/ui/search?q=g1")
    expect(page.get_by_role("heading", name=re.compile("Gadgets by number"))).to_be_visible()
    page.goto("/ui/settings/depot")
    expect(page.get_by_role("link", name="Depot")).to_have_attribute("aria-current", "page")


def test_what_a_plugin_adds_to_anothers_form_is_saved_with_it(page: Page, platform: Desk):
    ticket = platform.make("tickets", title="A projector, please")
    page.goto(f"/ui/tickets/{ticket}")
    page.get_by_label("Lend a gadget").check()
    page.keyboard.press("r")
    expect(page.locator("[contenteditable=true]")).to_be_focused()
    page.keyboard.type("It is on its way.")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".msg", has_text="It is on its way.")).to_be_visible()
    found = platform.api.get(f"/audit-logs?filter[record_id]={ticket}&filter[action]=lent").json()["data"]
    assert len(found) == 1


def test_a_broken_part_leaves_the_page_whole(page: Page, platform: Desk):
    company = platform.make("companies", name="Breaking Ltd")
    page.goto(f"/ui/companies/{company}")
    expect(page.get_by_role("heading", name="Breaking Ltd").first).to_be_visible()
    expect(page.locator(".record-in")).to_contain_text("could not be loaded")
    expect(page.locator(".record-side")).to_be_visible()


@pytest.fixture
def elsewhere(chromium: Browser, platform: Desk) -> Iterator[Browser]:
    """A browser for which a client's own host name leads here, as if over TLS."""
    home = f"http://help.riverside.example:{urlsplit(platform.url).port}"
    found = launched(
        chromium.browser_type,
        "--host-resolver-rules=MAP help.riverside.example 127.0.0.1",
        f"--unsafely-treat-insecure-origin-as-secure={home}",
    )
    yield found
    found.close()


def test_the_portal_is_at_home_under_a_host_of_the_tenants_own(platform: Desk, elsewhere: Browser):
    email = f"hanna-{uuid4().hex[:8]}@example.com"
    company = platform.make("companies", name="Riverside Bakery")
    contact = platform.make(
        "contacts", {"company": ("companies", company)}, first_name="Hanna", last_name="Host", email=email
    )
    body = {"data": {"attributes": {}}}
    assert platform.api.post(f"/contacts/{contact}/portal-access", json=body).is_success
    (account,) = platform.api.get(f"/users?filter[email]={email}").json()["data"]
    invited = platform.api.post(f"/users/{account['id']}/invitations", json=body).json()
    platform.execute(
        "INSERT INTO psa.tenant_host (id, tenant, host, token, verified_at)"
        " SELECT psa.new_id(), id, 'help.riverside.example', 'proved', now() FROM psa.tenant WHERE slug = 'main'"
    )
    home = f"http://help.riverside.example:{urlsplit(platform.url).port}"
    context = elsewhere.new_context(base_url=home)
    page, wrong = watched(context, home)
    page.goto(f"/portal/reset?token={invited['data']['attributes']['token']}")
    page.get_by_label("New password", exact=True).fill(PASSWORD)
    page.get_by_label("New password again").fill(PASSWORD)
    page.get_by_role("button", name="Set the password").click()
    expect(page.get_by_label("Organisation")).to_have_count(0)
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="How can we help, Hanna?")).to_be_visible()
    page.goto("/portal/tickets/new")
    page.get_by_label("Subject").fill("Asked under our own name")
    page.get_by_role("button", name="Send the request").click()
    expect(page.get_by_role("heading", name="Asked under our own name")).to_be_visible()
    assert page.url.startswith(f"{home}/portal/tickets/")
    context.close()
    assert wrong == []
