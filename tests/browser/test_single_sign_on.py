"""Single sign-on in a real browser, through a provider of others: set up, logged in with, linked in the profile."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from .accessibility import faults
from .conftest import PATIENCE, Desk

pytestmark = pytest.mark.browser
ANN = {
    "sub": "ann",
    "email": "ann@example.com",
    "email_verified": True,
    "name": "Ann Example",
    "groups": ["Desk"],
}


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The issuer of a provider that knows Ann."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
    with (tmp_path_factory.mktemp("provider") / "log").open("wb") as out:
        process = subprocess.Popen(
            [
                sys.executable,
                "-W",
                "ignore",
                "-m",
                "oidc_provider_mock",
                "-p",
                str(port),
                "--user-claims",
                json.dumps(ANN),
            ],
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    url, ends = f"http://127.0.0.1:{port}", time.monotonic() + PATIENCE
    try:
        while process.poll() is None and time.monotonic() < ends:
            with suppress(httpx.TransportError):
                httpx.get(f"{url}/.well-known/openid-configuration")
                break
            time.sleep(0.05)
        yield url
    finally:
        process.terminate()
        process.wait(20)


def at_provider(page: Page, sub: str) -> None:
    page.get_by_placeholder("sub").fill(sub)
    page.get_by_role("button", name="Authorize").click()


def test_a_provider_is_set_up_logged_in_with_and_linked(
    chromium: Browser, desk: Desk, issuer: str, session: Path
):
    context = chromium.new_context(base_url=desk.url, storage_state=session, bypass_csp=True)
    page = context.new_page()
    page.goto("/ui/oidc-providers/new")
    page.get_by_label("Name", exact=True).fill("Example ID")
    page.get_by_label("Issuer").fill("https://login.microsoftonline.com/common/v2.0")
    page.get_by_label("Client id").fill("psa")
    page.get_by_label("Preset").select_option("entra")
    page.get_by_role("button", name="Save").click()
    expect(page.locator('[data-fault="issuer"]')).to_contain_text("Name your own directory")
    page.get_by_label("Preset").select_option("other")
    page.get_by_label("Issuer").fill(issuer)
    page.get_by_label("Client secret").fill("hush-hush")
    page.get_by_label("Group roles").fill('{"Desk": ["technician"]}')
    page.get_by_label("Creates accounts").check()
    assert faults(page) == []
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Example ID").first).to_be_visible()
    expect(page.locator(".sso-address").first).to_contain_text("/callback")
    assert faults(page) == []
    page.get_by_role("button", name="Check connection").click()
    expect(page.get_by_text("The connection works")).to_be_visible()

    page.goto("/ui/profile")
    links = page.locator("#sso-links")
    links.get_by_role("button", name="Link").click()
    at_provider(page, "the-boss")
    page.wait_for_url("**/ui/profile")
    expect(links).to_contain_text("Lets you in without a password")
    assert faults(page) == []
    context.close()

    context = chromium.new_context(base_url=desk.url, bypass_csp=True)
    page = context.new_page()
    page.goto("/ui/tickets")
    button = page.get_by_role("link", name="Log in with Example ID")
    expect(button).to_be_visible()
    assert faults(page) == []
    button.click()
    page.get_by_role("button", name="Deny").click()
    expect(page.get_by_role("alert")).to_contain_text("was refused")
    page.goto("/ui/login?next=/ui/tickets")
    button.click()
    at_provider(page, "ann")
    page.wait_for_url("**/ui/tickets")
    page.goto("/ui/profile")
    expect(page.get_by_role("heading", name="Ann Example").first).to_be_visible()
    # Who logs out here logs out there, where that is wished, and is led back.
    [provider] = desk.api.get("/oidc-providers").json()["data"]
    desk.change("oidc-providers", provider["id"], logs_out=True)
    page.get_by_role("button", name="Ann Example").click()
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url("**/oauth2/end_session?**")
    assert "id_token_hint=" in page.url
    context.clear_cookies()
    page.goto("/ui/login")
    button.click()
    at_provider(page, "the-boss")
    page.wait_for_url("**/ui/")
    page.goto("/ui/oidc-providers")
    expect(page.get_by_role("link", name="Example ID")).to_be_visible()
    # What lets somebody else in is seen on their record, and taken away there.
    [user] = desk.api.get("/users?filter[email]=ann@example.com").json()["data"]
    page.goto(f"/ui/users/{user['id']}")
    linked = page.locator("#user-identities")
    expect(linked).to_contain_text("Example ID")
    assert faults(page) == []
    linked.get_by_role("button", name="Remove").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(linked).to_have_count(0)
    assert desk.api.delete(f"/oidc-providers/{provider['id']}").status_code == 204
    page.goto("/ui/profile")
    expect(page.locator("#sso-links").get_by_text("Lets you in without a password")).to_have_count(0)
    context.close()
