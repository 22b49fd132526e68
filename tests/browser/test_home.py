"""Home in a real browser: widgets as each person wants them, and what a new organisation decides first."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from .conftest import Desk

pytestmark = pytest.mark.browser


def tiles(page: Page) -> list[str]:
    return [str(tile.get_attribute("data-tile")) for tile in page.locator("[data-tile]").all()]


def test_widgets_are_removed_added_ordered_and_sized_and_stay_so(page: Page):
    page.goto("/ui/")
    page.get_by_role("link", name="Arrange widgets").click()
    expect(page.get_by_role("link", name="Done")).to_be_visible()
    before = tiles(page)
    assert "console.glance" in before
    page.get_by_role("button", name="Remove: At a glance").click()
    expect(page.locator("[data-tile='console.glance']")).to_have_count(0)
    page.get_by_role("button", name="At a glance").click()
    expect(page.locator("[data-tile='console.glance']")).to_have_count(1)
    assert tiles(page)[-1] == "console.glance", "what is added comes last"
    page.get_by_role("button", name="Move earlier: At a glance").click()
    expect(page.locator("[data-tile]").last).not_to_have_attribute("data-tile", "console.glance")
    page.get_by_role("combobox", name="Size: At a glance").select_option("4x1")
    expect(page.locator("[data-tile='console.glance']")).to_have_attribute("data-size", "4x1")
    arranged = tiles(page)
    page.get_by_role("link", name="Done").click()
    expect(page.locator("[data-tile='console.glance']")).to_have_attribute("data-size", "4x1")
    page.reload()
    assert [tile for tile in arranged if tile in tiles(page)] == tiles(page)
    page.goto("/ui/?edit=1")
    page.get_by_role("button", name="Start over").click()
    expect(page.locator("[data-tile='console.glance']")).to_have_attribute("data-size", "2x1")


def test_widgets_are_dragged_into_another_order(page: Page):
    page.goto("/ui/?edit=1")
    expect(page.locator("psa-console-tiles:defined")).to_have_count(1)
    first, second = tiles(page)[:2]
    grips = page.locator(".console-grip")
    with page.expect_response("**/ui/home/order"):
        grips.nth(0).drag_to(page.locator("[data-tile]").nth(1))
    page.reload()
    assert tiles(page)[:2] == [second, first]
    page.get_by_role("button", name="Start over").click()
    expect(page.locator("[data-tile]").first).to_have_attribute("data-tile", first)


def test_a_new_organisation_is_set_up_step_by_step_and_can_stop_in_between(page: Page, desk: Desk):
    page.goto("/ui/")
    page.get_by_role("link", name="Begin").click()
    expect(page.get_by_role("heading", name="Your organisation", exact=True)).to_be_visible()
    page.get_by_label("Time zone").fill("Nowhere/Land")
    page.get_by_role("button", name="Continue").click()
    expect(page.locator("[data-fault=timezone]")).not_to_be_empty()
    page.get_by_label("Time zone").fill("UTC")
    page.get_by_label("Name").fill("Sample Support")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="Branding")).to_be_visible()
    page.goto("/ui/")
    expect(page.locator("#setup-card")).to_contain_text("1 of 5")
    page.get_by_role("link", name="Continue").click()
    expect(page).to_have_url(re.compile("/ui/setup/branding"))
    page.get_by_role("button", name="Skip").click()
    page.get_by_label("New queue").fill("Second line")
    page.get_by_role("button", name="Add").click()
    expect(page.locator("#setup")).to_contain_text("Second line")
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Name").fill("Nora Newcomer")
    page.get_by_label("E-mail address").fill("nora@example.com")
    page.get_by_role("button", name="Invite").click()
    expect(page.locator("#invited")).to_contain_text("/ui/reset?token=")
    link = page.locator("#invited code").inner_text()
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Finish").click()
    expect(page.get_by_role("heading", name="Home")).to_be_visible()
    expect(page.locator("#setup-card")).to_have_count(0)
    assert {one["attributes"]["name"] for one in desk.api.get("/ticket-queues").json()["data"]} >= {
        "Second line"
    }

    newcomer = page.context.browser
    assert newcomer is not None
    accept(newcomer, desk, link)


def accept(chromium: Browser, desk: Desk, link: str) -> None:
    """Choose a password with an invitation's link and log in with it."""
    context = chromium.new_context(base_url=desk.url)
    page = context.new_page()
    page.goto(link.replace(link.split("/ui/")[0], desk.url))
    page.get_by_label("New password", exact=True).fill("short")
    page.get_by_label("New password again").fill("short")
    page.get_by_role("button", name="Set the password").click()
    expect(page.get_by_role("alert").first).to_be_visible()
    for label in ("New password", "New password again"):
        page.get_by_label(label, exact=True).fill("quiet lamps over harbour 7")
    page.get_by_role("button", name="Set the password").click()
    expect(page.get_by_role("status")).to_contain_text("Your password is set")
    page.get_by_label("E-mail address").fill("nora@example.com")
    page.get_by_label("Password").fill("quiet lamps over harbour 7")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Home")).to_be_visible()
    context.close()
