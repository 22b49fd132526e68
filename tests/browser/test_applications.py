"""What gives programs access, in a real browser: applications, devices, API keys, and from where people come."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from .accessibility import in_every_look
from .conftest import Desk, logged_in

pytestmark = pytest.mark.browser
BACK = "https://app.example.com/callback"
HOME = "https://app.example.com/home"


@pytest.fixture
def context(chromium: Browser, desk: Desk, session: Path) -> Iterator[BrowserContext]:
    """A browser of somebody logged in, in which the application's own address answers."""
    # Colours that are on their way from one look to the other have any contrast.
    found = chromium.new_context(
        base_url=desk.url, storage_state=session, bypass_csp=True, reduced_motion="reduce"
    )
    found.route(f"{BACK}**", lambda route: route.fulfill(body="back"))
    yield found
    found.close()


def test_an_application_is_registered_asked_about_and_taken_back(context: BrowserContext, desk: Desk):
    page = context.new_page()
    page.goto("/ui/settings/applications")
    page.get_by_label("Name", exact=True).fill("Example Reports")
    page.get_by_label("Addresses to return to, one per line").fill("http://app.example.com/callback")
    page.get_by_label("The most it may ask for, one per line").fill(
        "openid\nemail\nticketing.tickets.read\nauth.*"
    )
    page.get_by_role("button", name="Register").click()
    expect(page.locator('[data-fault="redirect_uris"]')).to_contain_text("Use https")
    page.get_by_label("Addresses to return to after logging out, one per line").fill(HOME)
    page.get_by_label("Address that is told when somebody logs out").fill("https://10.0.0.1/told")
    page.get_by_label("Addresses to return to, one per line").fill(BACK)
    page.get_by_role("button", name="Register").click()
    expect(page.locator('[data-fault="backchannel_logout_uri"]')).to_contain_text("isn't a public address")
    page.get_by_label("Address that is told when somebody logs out").fill("")
    page.get_by_role("button", name="Register").click()
    made = page.locator("#new-application")
    expect(made.locator(".oauth-secret")).to_contain_text("psaos_")
    client_id = str(made.locator("code").first.text_content())
    assert in_every_look(page) == []
    row = page.locator("#applications .row", has_text="Example Reports")
    first = made.locator(".oauth-secret").text_content()
    row.get_by_role("button", name="New secret").click()
    again = page.locator(f"#secret-{client_id} .oauth-secret")
    expect(again).to_contain_text("psaos_")
    assert again.text_content() != first

    asked = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": BACK,
        "scope": "openid email ticketing.tickets.read auth.*",
        "state": "s1",
        "code_challenge": "c" * 43,
        "code_challenge_method": "S256",
    }
    page.goto(f"/ui/oauth/authorize?{urlencode(asked | {'redirect_uri': 'https://evil.example/'})}")
    expect(page.get_by_role("alert")).to_contain_text("registered")
    assert in_every_look(page) == []
    page.goto(f"/ui/oauth/authorize?{urlencode(asked)}")
    expect(page.get_by_role("heading", name="Example Reports asks for access")).to_be_visible()
    expect(page.locator(".oauth-rights")).to_contain_text("Tickets: see")
    expect(page.locator("#consent")).to_contain_text("app.example.com")
    assert in_every_look(page) == []
    page.get_by_role("button", name="Don't allow").click()
    page.wait_for_url(f"{BACK}**")
    assert parse_qs(urlsplit(page.url).query)["error"] == ["access_denied"]
    page.goto(f"/ui/oauth/authorize?{urlencode(asked)}")
    page.get_by_role("button", name="Allow", exact=True).click()
    page.wait_for_url(f"{BACK}**")
    told = parse_qs(urlsplit(page.url).query)
    assert told["state"] == ["s1"]
    assert told["code"][0].startswith("psaoc_")

    page.goto(f"/ui/oauth/logout?{urlencode({'client_id': client_id, 'post_logout_redirect_uri': HOME})}")
    expect(page.locator("#logout")).to_contain_text("Example Reports asks whether you")
    assert in_every_look(page) == []
    page.get_by_role("link", name="Stay logged in").click()

    page.goto(f"/ui/oauth-clients/{client_id}/edit")
    expect(page.locator("psa-picker", has=page.locator("#f-post_logout_redirect_uris"))).to_contain_text(HOME)
    assert in_every_look(page) == []

    page.goto("/ui/profile")
    held = page.locator(".row", has_text="Example Reports")
    expect(held).to_contain_text("Tickets: see")
    held.get_by_role("button", name="Take back").click()
    page.get_by_role("dialog").get_by_role("button", name="Take back").click()
    expect(held).to_have_count(0)


def test_an_application_logs_somebody_out_after_asking(chromium: Browser, desk: Desk, tmp_path: Path):
    home = f"{desk.url}/ui/login"
    body = {
        "name": "Example Sheets",
        "redirect_uris": [BACK],
        "post_logout_redirect_uris": [home],
        "scopes": ["openid"],
    }
    answer = desk.api.post("/oauth-clients", json={"data": {"type": "oauth-clients", "attributes": body}})
    assert answer.status_code == 201, answer.text
    own = logged_in(chromium, desk, tmp_path / "state.json")
    context = chromium.new_context(base_url=desk.url, storage_state=own, bypass_csp=True)
    page = context.new_page()
    asked = {"client_id": answer.json()["data"]["id"], "post_logout_redirect_uri": home, "state": "s 1"}
    page.goto(f"/api/v1/oauth/{desk.tenant or 'main'}/logout?{urlencode(asked)}")
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url(f"{home}?**")
    assert parse_qs(urlsplit(page.url).query)["state"] == ["s 1"]
    page.goto("/ui/oauth/logout")
    expect(page.get_by_role("heading", name="You are logged out")).to_be_visible()
    assert in_every_look(page) == []
    page.goto("/ui/profile")
    expect(page.get_by_role("button", name="Log in", exact=True)).to_be_visible()
    context.close()


def test_a_device_is_connected_by_its_code(context: BrowserContext, desk: Desk):
    body = {
        "name": "Example Printer",
        "grant_types": ["urn:ietf:params:oauth:grant-type:device_code"],
        "scopes": ["openid", "ticketing.tickets.read"],
    }
    answer = desk.api.post("/oauth-clients", json={"data": {"type": "oauth-clients", "attributes": body}})
    assert answer.status_code == 201, answer.text
    made = answer.json()["data"]
    secret = made["attributes"]["secret"]
    form = {"client_id": made["id"], "client_secret": secret, "scope": "openid ticketing.tickets.read"}
    tenant = desk.tenant or "main"
    begun = httpx.post(f"{desk.url}/api/v1/oauth/{tenant}/device", data=form).json()
    page = context.new_page()
    page.goto("/ui/oauth/device")
    page.get_by_label("Code").fill("zzzz zzzz")
    page.get_by_role("button", name="Next").click()
    expect(page.locator("#fault-user-code")).to_contain_text("No device")
    assert in_every_look(page) == []
    page.get_by_label("Code").fill(begun["user_code"].lower().replace("-", " "))
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_role("heading", name="Example Printer asks for access")).to_be_visible()
    assert in_every_look(page) == []
    page.get_by_role("button", name="Allow", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("goes on by itself")
    assert in_every_look(page) == []


def test_keys_and_roles_are_bound_to_addresses(context: BrowserContext, desk: Desk):
    page = context.new_page()
    page.goto("/ui/profile")
    page.get_by_label("Name", exact=True).last.fill("Example backup")
    page.get_by_label("Rights, one per line").fill("ticketing.tickets.read")
    page.get_by_label("Addresses it comes from, one per line; empty: any").fill("192.0.2.0/24\noffice")
    page.get_by_role("button", name="Make a key").click()
    expect(page.locator('[data-fault="allowed_addresses"]')).to_contain_text("office")
    page.get_by_label("Addresses it comes from, one per line; empty: any").fill("192.0.2.0/24\n2001:db8::/32")
    page.get_by_role("button", name="Make a key").click()
    expect(page.locator("#new-key")).to_contain_text("psa_")
    [key] = desk.api.get("/api-keys?filter[prefix][ne]=x&sort=-created_at&page[size]=1").json()["data"]
    assert key["attributes"]["allowed_addresses"] == ["192.0.2.0/24", "2001:db8::/32"]
    page.goto(f"/ui/api-keys/{key['id']}")
    expect(page.get_by_text("2001:db8::/32").first).to_be_visible()
    page.goto(f"/ui/api-keys/{key['id']}/edit")
    expect(page.get_by_role("textbox", name="Allowed addresses")).to_be_visible()
    [role] = desk.api.get("/roles?filter[key]=sales").json()["data"]
    page.goto(f"/ui/roles/{role['id']}/edit")
    expect(page.get_by_role("textbox", name="Allowed addresses")).to_be_visible()
    assert in_every_look(page) == []
