"""Provisioning in a real browser: a provider is set up, its token shown once, what it sent and didn't get is seen."""

from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, expect

from .accessibility import faults
from .conftest import Desk

pytestmark = pytest.mark.browser


def test_a_directory_is_connected_and_its_provisioning_is_seen(chromium: Browser, desk: Desk, session: Path):
    context = chromium.new_context(base_url=desk.url, storage_state=session, bypass_csp=True)
    page = context.new_page()
    page.goto("/ui/settings")
    page.get_by_role("link", name="Provisioning (SCIM)").first.click()
    page.goto("/ui/scim-providers/new")
    page.get_by_label("Name", exact=True).fill("Marmoset directory")
    page.get_by_label("Group roles").fill('{"Marmoset desk": ["technician"]}')
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Marmoset directory").first).to_be_visible()
    expect(page.get_by_text("No token yet")).to_be_visible()
    expect(page.get_by_text("not sent yet")).to_be_visible()
    page.get_by_label("Name of a new token").fill("Marmoset token")
    page.get_by_role("button", name="Make a token").click()
    shown = page.locator("#scim-new-token code")
    expect(shown).to_contain_text("psascim_")
    token = shown.inner_text()
    assert faults(page) == []

    with httpx.Client(
        base_url=f"{desk.url}/scim/v2", headers={"Authorization": f"Bearer {token}"}
    ) as directory:
        person = {"userName": "marmoset@example.com", "displayName": "Marmoset Example"}
        made = directory.post("/Users", json=person)
        assert made.status_code == 201, made.text
        members = [{"value": made.json()["id"]}]
        group = directory.post("/Groups", json={"displayName": "Marmoset desk", "members": members})
        assert group.status_code == 201, group.text
        assert directory.post("/Users", json=person).status_code == 409
        page.reload()
        expect(page.locator('[data-live="scim-groups"]')).to_contain_text("1 person")
        expect(page.locator('[data-live="scim-groups"]')).to_contain_text("Technician")
        expect(page.locator('[data-live="scim-faults"]')).to_contain_text(
            "There is a user marmoset@example.com"
        )
        tokens = page.locator('[data-live="scim-tokens"]')
        expect(tokens).to_contain_text("Marmoset token")
        assert token not in page.content()
        assert faults(page) == []
        tokens.get_by_role("button", name="Revoke").click()
        page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
        expect(page.get_by_text("The token is revoked.")).to_be_visible()
        assert directory.get("/Users").status_code == 401
    context.close()
