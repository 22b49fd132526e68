"""What administrators do in a real browser: branding, permissions, the audit log."""

import re

import pytest
from playwright.sync_api import Page, expect

from .conftest import Desk

pytestmark = pytest.mark.browser


def accent(page: Page) -> str:
    return str(
        page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--brand-h')")
    ).strip()


def test_a_colour_is_tried_its_contrast_told_and_then_kept_everywhere(page: Page):
    page.goto("/ui/settings/branding")
    page.locator(".console-hue").nth(5).click()
    expect(page.get_by_label("Hue, 0 to 359")).to_have_value("188")
    assert accent(page) == "188"
    shown = [float(text) for text in re.findall(r"\d+\.\d", page.locator("#contrasts").inner_text())]
    assert len(shown) == 4
    assert min(shown) >= 4.5
    page.get_by_label("Hue, 0 to 359").fill("400")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("[data-fault=hue]")).not_to_be_empty()
    page.get_by_label("Hue, 0 to 359").fill("153")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".toast")).to_contain_text("Saved")
    page.goto("/ui/companies")
    assert accent(page) == "153"
    page.goto("/ui/settings/branding")
    page.get_by_label("Hue, 0 to 359").fill("268")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".toast")).to_contain_text("Saved")


def test_a_logo_is_uploaded_and_shown_and_a_text_is_none(page: Page):
    picture = bytes.fromhex(
        "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
        "1f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
    )
    page.goto("/ui/settings/branding")
    page.get_by_label("Logo").set_input_files(
        {"name": "a.txt", "mimeType": "image/png", "buffer": b"no image"}
    )
    page.get_by_role("button", name="Save").click()
    expect(page.locator("[data-fault=logo]")).not_to_be_empty()
    page.get_by_label("Logo").set_input_files({"name": "a.png", "mimeType": "image/png", "buffer": picture})
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".toast")).to_contain_text("Saved")
    page.goto("/ui/")
    source = page.locator("img.logo").get_attribute("src")
    answer = page.request.get(str(source))
    assert (answer.status, answer.headers["content-type"]) == (200, "image/png")
    page.goto("/ui/settings/branding")
    page.get_by_label("Remove the logo").check()
    page.get_by_role("button", name="Save").click()
    page.goto("/ui/")
    expect(page.locator("img.logo")).to_have_count(0)


def test_a_setting_is_found_by_its_words(page: Page):
    page.goto("/ui/settings")
    parts = page.locator("#settings-parts")
    page.get_by_label("Find a setting").fill("password")
    hit = parts.get_by_role("link", name=re.compile("password", re.IGNORECASE)).first
    expect(parts.get_by_role("link", name="Queues")).to_have_count(0)
    label = hit.text_content()
    hit.click()
    expect(page.get_by_label(str(label), exact=True)).to_be_visible()
    page.goto("/ui/settings?q=nothing-like-this")
    expect(parts).to_contain_text("Nothing found")


def test_a_permission_is_granted_and_taken_away_in_the_matrix(page: Page, desk: Desk):
    page.goto("/ui/settings/permissions?module=contacts")
    box = page.get_by_role("checkbox", name="Dispatcher: Companies: delete")
    expect(box).not_to_be_checked()

    def grants(role: str) -> list[str]:
        found = desk.api.get(f"/roles?filter[key]={role}").json()["data"][0]
        return found["attributes"]["grants"]

    for grant in (["contacts.companies.delete"], []):
        with page.expect_response("**/ui/settings/permissions"):
            box.click()
        assert grants("dispatcher") == grant
    given = page.get_by_role("checkbox", name="Sales: Companies: see")
    expect(given).to_be_checked()
    for grant in (["!contacts.companies.read"], []):
        with page.expect_response("**/ui/settings/permissions"):
            given.click()
        assert grants("sales") == grant


def test_the_audit_log_is_filtered_opened_and_exported_as_filtered(page: Page, desk: Desk):
    made = desk.make("companies", name="Zaudited Company")
    desk.change("companies", made, industry="Shipbuilding")
    page.goto(f"/ui/audit-logs?resource=companies&action=updated&record_id={made}")
    row = page.locator("tbody tr[data-row]")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("Updated")
    expect(row).to_contain_text("Companies")
    page.get_by_role("button", name="More", exact=True).click()
    with page.expect_download() as downloading:
        page.get_by_role("link", name="Export as CSV").click()
    lines = downloading.value.path().read_text().splitlines()
    assert len([line for line in lines if made in line]) == 1 == len(lines) - 1
    page.goto(f"/ui/audit-logs?resource=companies&action=updated&record_id={made}")
    row.locator("a.title").click()
    expect(page.locator("ins")).to_contain_text("Shipbuilding")


def test_an_expired_password_is_changed_before_anything_else(page: Page, desk: Desk):
    desk.make("users", name="Erna Expired", email="erna@example.com")
    user = desk.api.get("/users?filter[email]=erna@example.com").json()["data"][0]["id"]
    token = desk.api.post(f"/users/{user}/invitations", json={"data": {"attributes": {}}}).json()
    secret = token["data"]["attributes"]["token"]
    context = page.context.browser.new_context(base_url=desk.url)  # pyright: ignore[reportOptionalMemberAccess]
    other = context.new_page()
    other.goto(f"/ui/reset?token={secret}")
    for label in ("New password", "New password again"):
        other.get_by_label(label, exact=True).fill("grey pebbles under bridge 4")
    other.get_by_role("button", name="Set the password").click()
    desk.expire(user)
    other.get_by_label("E-mail address").fill("erna@example.com")
    other.get_by_label("Password").fill("grey pebbles under bridge 4")
    other.get_by_role("button", name="Log in").click()
    expect(other).to_have_url(re.compile("/ui/password"))
    other.goto("/ui/companies")
    expect(other).to_have_url(re.compile("/ui/password"))
    other.get_by_label("Present password").fill("grey pebbles under bridge 4")
    other.get_by_label("New password", exact=True).fill("green kettles near window 9")
    other.get_by_label("New password again").fill("another one")
    other.get_by_role("button", name="Set the password").click()
    expect(other.locator("[data-fault=repeated]")).not_to_be_empty()
    other.get_by_label("New password again").fill("green kettles near window 9")
    other.get_by_role("button", name="Set the password").click()
    expect(other.get_by_role("heading", name="Home")).to_be_visible()
    context.close()


def test_somebody_who_forgot_a_password_is_told_the_same_whoever_they_are(page: Page, desk: Desk):
    context = page.context.browser.new_context(base_url=desk.url)  # pyright: ignore[reportOptionalMemberAccess]
    other = context.new_page()
    said: list[str] = []
    for email in (desk.email, "nobody@example.com"):
        other.goto("/ui/login")
        other.get_by_role("link", name="Forgot your password?").click()
        other.get_by_label("E-mail address").fill(email)
        other.get_by_role("button", name="Send the link").click()
        said.append(other.locator("form.card").inner_text())
    assert said[0] == said[1]
    assert "on its way" in said[0]
    context.close()
