"""The calendar in a real browser: a week, booking, what stands in the way, and a ticket's appointment."""

import datetime
import re

import pytest
from playwright.sync_api import Page, expect

from .conftest import Desk

pytestmark = pytest.mark.browser


def test_a_week_shows_appointments_takes_new_ones_and_tells_what_stands_in_the_way(page: Page, desk: Desk):
    company = desk.make("companies", name="Lighthouse Company")
    ticket = desk.make("tickets", {"company": ("companies", company)}, title="The lamp flickers")
    me = desk.api.get("/auth/me").json()["data"]["id"]
    monday = datetime.date(2031, 6, 2)
    page.goto(f"/ui/calendar?date={monday + datetime.timedelta(days=2)}")
    expect(page.locator(".calendar-day")).to_have_count(7)
    page.keyboard.press("c")
    form = page.get_by_role("dialog", name="New appointment")
    form.get_by_label("Title").fill("Change the lamp")
    form.get_by_label("Start").fill(f"{monday}T09:30")
    form.get_by_label("End").fill(f"{monday}T11:00")
    form.get_by_role("button", name="Book").click()
    block = page.locator(".calendar-day").first.get_by_role("link", name="Change the lamp")
    expect(block).to_contain_text(re.compile("09:30 . 11:00"))
    box, hour = block.bounding_box(), page.locator(".calendar-hours span").first.bounding_box()
    assert box is not None
    assert hour is not None
    assert abs(box["y"] - hour["y"] - 2.5 * hour["height"]) < 6
    assert abs(box["height"] - 1.5 * hour["height"]) < 6
    page.goto(f"/ui/tickets/{ticket}")
    page.get_by_role("button", name="Schedule", exact=True).click()
    visit = page.get_by_role("dialog", name="Schedule an appointment")
    visit.get_by_label("Start").fill(f"{monday}T10:00")
    visit.get_by_label("Person").select_option(me)
    visit.get_by_role("button", name="Book").click()
    expect(visit.locator("[data-fault='']")).to_contain_text("Change the lamp")
    visit.get_by_label("Start").fill(f"{monday}T14:00")
    visit.get_by_role("button", name="Book").click()
    expect(page.locator("#panel-calendar-visits")).to_contain_text("2031")
    page.goto(f"/ui/calendar?date={monday}")
    expect(page.locator(".calendar-day").first.get_by_role("link", name="The lamp flickers")).to_be_visible()
    page.keyboard.press("j")
    expect(page.locator(".calendar-day").first).to_contain_text("Mon 9")
    page.keyboard.press("k")
    expect(page.locator(".calendar-day").first).to_contain_text("Mon 2")
    page.keyboard.press("a")
    expect(page.locator(".calendar-agenda")).to_contain_text("Change the lamp")


def test_a_calendar_is_subscribed_to_from_ones_profile_and_revoked_there(page: Page, desk: Desk):
    page.goto("/ui/calendar")
    page.get_by_role("link", name="Subscribe to my calendar").click()
    feeds = page.locator("#calendar-feeds")
    expect(feeds).to_be_in_viewport()
    feeds.get_by_role("button", name="Make an address").click()
    expect(feeds.locator("[data-fault=name]")).to_contain_text("name")
    feeds.get_by_label("Name").fill("Pocket telephone")
    feeds.get_by_label("Tell only when I am busy").check()
    with page.expect_response(lambda answer: "psa-soft" in answer.request.headers):
        feeds.get_by_role("button", name="Make an address").click()
    expect(feeds.get_by_text("Busy times only")).to_be_visible()
    # The list came anew; what is told only once is still there, and can be taken along.
    address = feeds.locator("code").inner_text()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    feeds.get_by_role("button", name="Copy").click()
    expect(page.locator("#toasts")).to_contain_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == address
    assert page.request.get(address).text().startswith("BEGIN:VCALENDAR")
    page.goto("/ui/profile")
    expect(feeds.locator("code")).to_have_count(0)
    feeds.get_by_role("button", name="Revoke: Pocket telephone").click()
    page.get_by_role("dialog", name="Please confirm").get_by_role("button", name="Revoke").click()
    expect(feeds.get_by_text("Pocket telephone")).to_have_count(0)
    assert page.request.get(address).status == 404
