"""The second factor in a real browser: set up in the profile, asked for at the log-in, required by the organisation."""

import os
import time

import pytest
from playwright.sync_api import Browser, Page, expect
from pyotp.totp import TOTP

from .accessibility import faults
from .conftest import PASSWORD, Desk

pytestmark = pytest.mark.browser


def enter(page: Page, email: str, shell: str = "/ui") -> None:
    page.goto(f"{shell}/login")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()


def test_an_authenticator_is_set_up_and_asked_for_from_then_on(chromium: Browser, desk: Desk):
    desk.person("factor@example.com", "Flora Factor", "technician")
    context = chromium.new_context(base_url=desk.url, bypass_csp=True)
    page = context.new_page()
    enter(page, "factor@example.com")
    page.wait_for_url("**/ui/")
    page.goto("/ui/profile")
    page.get_by_role("button", name="Set up an authenticator").click()
    expect(page.get_by_role("img", name="QR code")).to_be_visible()
    secret = str(page.locator("#second-factor code").text_content())
    page.get_by_role("textbox", name="Code").fill("000000")
    page.get_by_role("button", name="Confirm").click()
    expect(page.locator("#fault-code")).to_contain_text("wrong")
    page.get_by_role("textbox", name="Code").fill(TOTP(secret).now())
    page.get_by_role("button", name="Confirm").click()
    codes = page.locator("#second-factor .codes li")
    expect(codes).to_have_count(10)
    recovery = codes.all_text_contents()
    page.get_by_role("link", name="I have kept them").click()
    expect(page.locator("#second-factor")).to_contain_text("10 recovery codes are left")
    assert faults(page) == []
    context.clear_cookies()
    enter(page, "factor@example.com")
    expect(page.get_by_role("heading", name="Confirm it is you")).to_be_visible()
    assert faults(page) == []
    page.goto("/ui/profile")
    expect(page.get_by_role("heading", name="Confirm it is you")).to_be_visible()
    page.get_by_role("textbox", name="Code").fill(recovery[0])
    page.get_by_role("button", name="Confirm").click()
    page.wait_for_url("**/ui/profile")
    expect(page.locator("#second-factor")).to_contain_text("9 recovery codes are left")
    page.get_by_role("button", name="Remove the authenticator").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(page.get_by_role("button", name="Set up an authenticator")).to_be_visible()
    context.close()


def test_a_clients_people_have_the_same_second_factor(chromium: Browser, desk: Desk):
    email = "client-factor@example.com"
    company = desk.make("companies", name="Factor Bakery")
    contact = desk.make(
        "contacts", {"company": ("companies", company)}, first_name="Cleo", last_name="Client", email=email
    )
    access = {"data": {"type": "contacts", "attributes": {"role": "client_user"}}}
    assert desk.api.post(f"/contacts/{contact}/portal-access", json=access).status_code == 200
    [account] = desk.api.get(f"/users?filter[email]={email}").json()["data"]
    invited = desk.api.post(f"/users/{account['id']}/invitations", json={"data": {"attributes": {}}}).json()
    chosen = {"token": invited["data"]["attributes"]["token"], "new_password": PASSWORD}
    set_ = desk.api.post("/portal/auth/reset-password", json={"data": {"attributes": chosen}})
    assert set_.status_code == 204, set_.text
    context = chromium.new_context(base_url=desk.url, bypass_csp=True, viewport={"width": 390, "height": 900})
    page = context.new_page()
    enter(page, email, "/portal")
    page.wait_for_url("**/portal/")
    page.goto("/portal/profile")
    page.get_by_role("button", name="Set up an authenticator").click()
    secret = str(page.locator("#second-factor code").text_content())
    page.get_by_role("textbox", name="Code").fill(TOTP(secret).now())
    page.get_by_role("button", name="Confirm").click()
    expect(page.locator("#second-factor .codes li")).to_have_count(10)
    recovery = page.locator("#second-factor .codes li").all_text_contents()
    page.get_by_role("link", name="I have kept them").click()
    expect(page.locator("#second-factor")).to_contain_text("10 recovery codes are left")
    assert faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    if shots := os.environ.get("PSA_SHOTS"):
        page.screenshot(path=f"{shots}/portal-factor-390.png", full_page=True)
    context.clear_cookies()
    enter(page, email, "/portal")
    page.get_by_role("textbox", name="Code").fill(recovery[0])
    page.get_by_role("button", name="Confirm").click()
    page.wait_for_url("**/portal/")
    page.goto("/portal/profile")
    page.get_by_role("button", name="Remove the authenticator").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(page.get_by_role("button", name="Set up an authenticator")).to_be_visible()
    context.close()


def test_who_needs_one_sets_it_up_before_anything_else(chromium: Browser, desk: Desk):
    desk.person("needed@example.com", "Nils Needed", "sales")
    role = desk.api.get("/roles?filter[key]=sales").json()["data"][0]["id"]
    desk.change("roles", role, requires_second_factor=True)
    context = chromium.new_context(base_url=desk.url, bypass_csp=True)
    page = context.new_page()
    enter(page, "needed@example.com")
    page.goto("/ui/companies?sort=name")  # what was wanted is there afterwards
    expect(page.get_by_role("heading", name="Set up your authenticator")).to_be_visible()
    page.get_by_role("button", name="Show the QR code").click()
    secret = str(page.locator("#second-step code").text_content())
    # A code is good for half a minute and one step more: no matter where in it this is.
    page.get_by_role("textbox", name="Code").fill(TOTP(secret).at(int(time.time())))
    page.get_by_role("button", name="Confirm").click()
    expect(page.locator(".codes li")).to_have_count(10)
    assert faults(page) == []
    page.get_by_role("link", name="I have kept them").click()
    page.wait_for_url("**/ui/companies?sort=name")
    desk.change("roles", role, requires_second_factor=False)
    context.close()


def virtual(page: Page) -> str:
    """Give a page's browser an authenticator of its own, with a verified user and room for passkeys."""
    chrome = page.context.new_cdp_session(page)
    chrome.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    return chrome.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]


def test_a_passkey_is_made_in_the_profile_and_logs_in_by_itself(chromium: Browser, desk: Desk):
    desk.person("passkey@example.com", "Pia Passkey", "technician")
    # Passkeys belong to a name, not to an address.
    context = chromium.new_context(
        base_url=desk.url.replace("127.0.0.1", "localhost"), bypass_csp=False, locale="en"
    )
    page = context.new_page()
    faults: list[str] = []
    page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    virtual(page)
    enter(page, "passkey@example.com")
    page.wait_for_url("**/ui/")
    page.goto("/ui/profile")
    page.get_by_label("Name of the passkey").fill("Laptop")
    page.get_by_role("button", name="Make a passkey").click()
    expect(page.locator("#passkeys .codes li")).to_have_count(10)
    page.get_by_role("link", name="I have kept them").click()
    expect(page.locator("#passkeys")).to_contain_text("never used")
    # After the password.
    context.clear_cookies()
    enter(page, "passkey@example.com")
    expect(page.get_by_role("heading", name="Confirm it is you")).to_be_visible()
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/ui/")
    # Instead of it.
    context.clear_cookies()
    page.goto("/ui/login?next=/ui/profile")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/ui/profile")
    expect(page.locator("#passkeys")).to_contain_text("last used")
    page.locator("#passkeys .row").first.get_by_role("button", name="Remove").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(page.locator("#passkeys")).not_to_contain_text("last used")
    assert faults == []
    context.close()


def test_who_acts_as_somebody_else_is_told_so_on_every_page(chromium: Browser, desk: Desk):
    desk.person("acted@example.com", "Alma Acted", "technician")
    user = desk.api.get("/users?filter[email]=acted@example.com").json()["data"][0]["id"]
    context = chromium.new_context(base_url=desk.url, bypass_csp=True)
    page = context.new_page()
    page.goto("/ui/login")
    page.get_by_label("E-mail address").fill(desk.email)
    page.get_by_label("Password").fill(desk.password)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/ui/**")
    page.goto(f"/ui/users/{user}")
    page.get_by_label("Reason").fill("Cannot see the queue")
    page.get_by_role("button", name="Act as Alma Acted").click()
    page.wait_for_url("**/ui/")
    banner = page.locator("#impersonation")
    expect(banner).to_contain_text("acts as Alma Acted")
    page.goto("/ui/companies")
    expect(banner).to_be_visible()
    assert faults(page) == []
    banner.get_by_role("button", name="End").click()
    expect(banner).to_have_count(0)
    page.goto(f"/ui/users/{user}")
    expect(page.get_by_role("button", name="Act as Alma Acted")).to_be_visible()
    context.close()
