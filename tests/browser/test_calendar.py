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
