"""The portal in a real browser: what a client and their administrator do there."""

import re
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Page, expect

from .accessibility import in_every_look
from .conftest import Desk, watched

pytestmark = pytest.mark.browser
PASSWORD = "plover-quartz-sundial-42"
PAGES = (
    "/portal/",
    "/portal/tickets",
    "/portal/tickets?state=all&mine=1",
    "/portal/tickets/new",
    "/portal/tickets/new/{kind}",
    "/portal/tickets/{ticket}",
    "/portal/people",
    "/portal/company",
    "/portal/profile",
    "/portal/search?q=printer",
    "/portal/tickets/00000000-0000-7000-8000-000000000000",
)


class Client:
    """A company's administrator, who has accepted the invitation, and a form to ask by."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.email = f"casey{uuid4().hex[:8]}@example.com"
        self.company = desk.make("companies", name="Zinnia Bakery")
        self.contact = desk.make(
            "contacts",
            {"company": ("companies", self.company)},
            first_name="Casey",
            last_name="Client",
            email=self.email,
        )
        access = {"data": {"type": "contacts", "attributes": {"role": "client_admin"}}}
        answer = desk.api.post(f"/contacts/{self.contact}/portal-access", json=access)
        assert answer.status_code == 200, answer.text
        self.kind = desk.make("request-types", name=f"New employee {uuid4().hex[:6]}", icon="user-plus")
        for key, label, kind, required in (
            ("name", "Name of the colleague", "text", True),
            ("day", "First day", "date", True),
            ("photo", "A photo of the desk", "file", False),
        ):
            desk.make(
                "request-fields",
                {"request_type": ("request-types", self.kind)},
                key=key,
                label=label,
                kind=kind,
                required=required,
            )

    def invitation(self, email: str) -> str:
        """Return the token that is mailed to somebody who was invited."""
        (account,) = self.desk.api.get(f"/users?filter[email]={email}").json()["data"]
        body = {"data": {"type": "invitations", "attributes": {}}}
        answer = self.desk.api.post(f"/users/{account['id']}/invitations", json=body)
        assert answer.status_code == 201, answer.text
        return answer.json()["data"]["attributes"]["token"]

    def note(self, ticket: str, content: str, kind: str) -> None:
        """Write a note as staff."""
        self.desk.make("comments", {"subject": ("tickets", ticket)}, content=content, note_type=kind)


@pytest.fixture(scope="module")
def client(desk: Desk) -> Client:
    return Client(desk)


@pytest.fixture(scope="module")
def portal_session(
    chromium: Browser, desk: Desk, client: Client, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The cookies of the client, who accepted the invitation and logged in."""
    context = chromium.new_context(base_url=desk.url)
    page, wrong = watched(context, desk)
    accept(page, client, client.email)
    expect(page).to_have_url(re.compile("/portal/$"))
    kept = tmp_path_factory.mktemp("portal") / "state.json"
    context.storage_state(path=kept)
    context.close()
    assert wrong == []
    return kept


def accept(page: Page, client: Client, email: str) -> None:
    """Choose a password by an invitation, and log in with it."""
    page.goto(f"/portal/reset?token={client.invitation(email)}")
    page.get_by_label("New password", exact=True).fill(PASSWORD)
    page.get_by_label("New password again").fill("something else")
    page.get_by_role("button", name="Set the password").click()
    expect(page.get_by_role("alert")).to_contain_text("differ")
    page.get_by_label("New password", exact=True).fill(PASSWORD)
    page.get_by_label("New password again").fill(PASSWORD)
    page.get_by_role("button", name="Set the password").click()
    expect(page.get_by_role("status")).to_contain_text("Your password is set")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()


@pytest.fixture
def portal(chromium: Browser, desk: Desk, portal_session: Path) -> Iterator[Page]:
    """A page of the client; the test fails when the browser finds anything wrong with it."""
    context = chromium.new_context(
        base_url=desk.url, storage_state=portal_session, viewport={"width": 1440, "height": 900}
    )
    context.set_default_timeout(15_000)
    page, wrong = watched(context, desk)
    yield page
    context.close()
    assert wrong == []


def test_a_client_asks_by_a_form_replies_with_a_file_and_reads_what_is_public(portal: Page, client: Client):
    portal.goto("/portal/")
    expect(portal.get_by_role("heading", name="How can we help, Casey?")).to_be_visible()
    portal.get_by_role("link", name="New request").click()
    portal.get_by_role("link", name="New employee").first.click()
    expect(portal.get_by_label("First day")).to_be_visible()
    portal.get_by_label("Subject").fill("Nora starts on Monday")
    portal.get_by_role("button", name="Send the request").click()
    expect(portal.locator("[data-fault='answers.name']")).not_to_be_empty()
    expect(portal.get_by_label("Subject")).to_have_value("Nora starts on Monday")
    portal.get_by_label("Name of the colleague").fill("Nora Newcomer")
    portal.get_by_label("First day").fill("2026-12-01")
    portal.get_by_label("A photo of the desk").set_input_files(
        {"name": "place.txt", "mimeType": "text/plain", "buffer": b"by the window"}
    )
    portal.get_by_role("button", name="Send the request").click()
    expect(portal.get_by_role("heading", name="Nora starts on Monday")).to_be_visible()
    expect(portal.locator("#conversation")).to_contain_text("Nora Newcomer")
    expect(portal.locator("#conversation")).to_contain_text("place.txt")
    ticket = portal.url.rsplit("/", 1)[-1]
    portal.get_by_label("Your reply").fill("She needs two screens.")
    portal.get_by_label("Files").set_input_files(
        {"name": "plan.txt", "mimeType": "text/plain", "buffer": b"two screens"}
    )
    portal.get_by_role("button", name="Send the reply").click()
    expect(portal.locator("#conversation")).to_contain_text("She needs two screens.")
    with portal.expect_download() as downloaded:
        portal.get_by_role("link", name="plan.txt").click()
    assert Path(downloaded.value.path()).read_bytes() == b"two screens"
    with portal.expect_response("**/portal/events?since=*"):
        portal.reload()
    client.note(ticket, "Bill them double for this.", "internal")
    client.note(ticket, "Everything will be ready.", "public")
    expect(portal.locator("#conversation")).to_contain_text("Everything will be ready.")
    expect(portal.locator("body")).not_to_contain_text("double")
    portal.get_by_role("button", name="Close the request").click()
    portal.get_by_role("dialog").get_by_role("button", name="Close the request").click()
    expect(portal.get_by_role("button", name="Reopen")).to_be_visible()
    portal.get_by_role("button", name="Reopen").click()
    expect(portal.get_by_label("Your reply")).to_be_visible()


def test_an_administrator_invites_a_person_who_logs_in_and_sees_their_own(
    portal: Page, chromium: Browser, desk: Desk, client: Client
):
    email = f"uma{uuid4().hex[:8]}@example.com"
    portal.goto("/portal/people")
    portal.get_by_role("button", name="Invite a person").click()
    portal.get_by_role("button", name="Send the invitation").click()
    expect(portal.locator("[data-fault=email]")).not_to_be_empty()
    portal.get_by_label("E-mail address").fill(email)
    portal.get_by_label("First name").fill("Uma")
    portal.get_by_label("Last name").fill("User")
    portal.get_by_role("button", name="Send the invitation").click()
    expect(portal.locator("#people")).to_contain_text("Uma User")
    expect(portal.locator("#people")).to_contain_text("Invited")
    context = chromium.new_context(base_url=desk.url)
    page, wrong = watched(context, desk)
    accept(page, client, email)
    expect(page.get_by_role("heading", name="How can we help, Uma?")).to_be_visible()
    expect(page.get_by_role("link", name="People")).to_have_count(0)
    page.goto("/ui/")
    expect(page).to_have_url(re.compile("/ui/login"))
    page.goto("about:blank")  # no event stream of a session that ends
    portal.get_by_role("button", name="End the access of Uma User").click()
    portal.get_by_role("dialog").get_by_role("button", name="End access").click()
    expect(portal.get_by_role("button", name="Give Uma User access")).to_be_visible()
    page.goto("/portal/tickets")
    expect(page).to_have_url(re.compile("/portal/login"))
    context.close()
    assert wrong == []


def test_a_staff_session_is_none_in_the_portal(page: Page):
    page.goto("/portal/tickets")
    expect(page).to_have_url(re.compile("/portal/login"))


def test_log_in_and_lists_work_without_scripts(
    chromium: Browser, desk: Desk, client: Client, portal_session: Path
):
    """PRT-11, as far as pages without scripts go."""
    context = chromium.new_context(base_url=desk.url, java_script_enabled=False)
    page = context.new_page()
    page.goto("/portal/tickets")
    page.get_by_label("E-mail address").fill(client.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Requests")).to_be_visible()
    page.get_by_role("link", name="Done").click()
    expect(page).to_have_url(re.compile("state=closed"))
    context.close()


def test_no_page_of_the_portal_keeps_anybody_out(portal: Page, client: Client):
    found: list[str] = []
    gates = ("/portal/login", "/portal/forgot", "/portal/reset?token=none")
    for path in (*addresses(client), *gates):
        if path == gates[0]:
            portal.goto("about:blank")  # its event stream ends with the page
            portal.context.clear_cookies()
        portal.goto(path)
        found += in_every_look(portal)
    assert found == []


def addresses(client: Client) -> list[str]:
    """Return the addresses of the portal's pages."""
    linked = {"company": ("companies", client.company), "contact": ("contacts", client.contact)}
    ticket = client.desk.make("tickets", linked, title="Printer prints nothing", description="**Help**")
    client.note(ticket, "On our way.", "public")
    return [path.format(kind=client.kind, ticket=ticket) for path in PAGES]


def test_a_client_without_scripts_asks_replies_and_closes(
    chromium: Browser, desk: Desk, portal_session: Path, client: Client
):
    context = chromium.new_context(base_url=desk.url, storage_state=portal_session, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"/portal/tickets/new/{client.kind}")
    page.get_by_label("Subject").fill("No scripts here")
    page.get_by_role("button", name="Send the request").click()
    expect(page.locator("[data-fault='answers.name']")).to_contain_text("This is needed.")
    expect(page.get_by_label("Name of the colleague")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Subject")).to_have_value("No scripts here")
    page.get_by_label("Name of the colleague").fill("Nemo")
    page.get_by_label("First day").fill("2026-12-01")
    file = {"name": "plain.txt", "mimeType": "text/plain", "buffer": b"plain"}
    page.get_by_label("A photo of the desk").set_input_files(file)
    page.get_by_role("button", name="Send the request").click()
    expect(page.get_by_role("heading", name="No scripts here")).to_be_visible()
    expect(page.locator("#conversation")).to_contain_text("plain.txt")
    page.get_by_role("button", name="Send the reply").click()
    expect(page.locator("#fault-content")).not_to_be_empty()
    page.get_by_label("Your reply").fill("A plain reply.")
    page.get_by_role("button", name="Send the reply").click()
    expect(page.locator("#conversation")).to_contain_text("A plain reply.")
    page.get_by_role("button", name="Close the request").click()
    expect(page.locator("#facts")).to_contain_text("Done")
    forged = context.request.post(f"{page.url}/reopen", form={"csrf": "00.00"})
    assert forged.status == 403
    assert context.request.post(f"{page.url}/reopen", form={}).status == 403
    page.goto("/portal/profile")
    page.get_by_label("Time zone").fill("Middle/Earth")
    page.locator("section", has=page.get_by_label("Time zone")).get_by_role("button", name="Save").click()
    expect(page.locator("[data-fault=timezone]")).to_contain_text("Middle/Earth")
    expect(page.get_by_label("Time zone")).to_have_value("Middle/Earth")
    context.close()


def test_the_stream_of_a_portal_tells_nothing_of_other_companies_nor_of_internal_notes(
    portal: Page, client: Client
):
    """PRT-01, TIC-64: what a browser hears while staff work on others' records and among themselves."""
    desk, own = client.desk, {"company": ("companies", client.company)}
    mine = desk.make("tickets", {**own, "contact": ("contacts", client.contact)}, title="Told to its client")
    other = desk.make("companies", name="Quarry Neighbours")
    portal.goto("/portal/tickets")
    portal.evaluate(
        "() => new Promise(open => { window.heard = []; const stream = new EventSource('/portal/events');"
        " stream.addEventListener('change', e => heard.push(JSON.parse(e.data))); stream.onopen = open; })"
    )
    theirs = desk.make("tickets", {"company": ("companies", other)}, title="Quarry only")
    hour = {"start_time": "2030-01-07T09:00:00Z", "end_time": "2030-01-07T10:00:00Z"}
    hidden = {
        other,
        theirs,
        *(
            desk.make("comments", {"subject": ("tickets", theirs)}, content="Quarry", note_type=kind)
            for kind in ("public", "internal")
        ),
        desk.make("comments", {"subject": ("tickets", mine)}, content="Between us", note_type="internal"),
        desk.make(
            "appointments",
            {"company": ("companies", other)},
            title="Quarry visit",
            is_client_visible=True,
            **hour,
        ),
        desk.make("appointments", own, title="About them", **hour),
    }
    desk.change("companies", other, industry="Quarrying")
    client.note(mine, "For you to read", "public")
    desk.change("companies", client.company, industry="Baking")  # what is told last
    portal.wait_for_function(
        "id => heard.some(one => one.topic === 'companies' && one.id === id)", arg=client.company
    )
    heard = portal.evaluate("heard")
    assert {"topic": "tickets", "id": mine, "toast": ""} in heard
    assert hidden.isdisjoint(one["id"] for one in heard)
    for path in ("/portal/search?q=Quarry", "/portal/tickets?q=Quarry&state=all", "/portal/appointments"):
        text = portal.request.get(path).text()
        assert not [word for word in ("Quarry only", "Quarry visit", "About them") if word in text]
