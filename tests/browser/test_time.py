"""Time in a real browser: the timer in the frame, one's own week."""

import re

import pytest
from playwright.sync_api import Page, expect

from .conftest import Desk

pytestmark = pytest.mark.browser


def test_a_timer_runs_on_every_page_pauses_and_becomes_an_entry(page: Page, desk: Desk):
    company = desk.make("companies", name="Quarry Company")
    desk.make("tickets", {"company": ("companies", company)}, title="The crusher is jammed")
    page.goto("/ui/companies")
    page.get_by_role("button", name="Start a timer").click()
    clock = page.locator("#timer psa-timer")
    expect(clock).to_have_text(re.compile(r"^0:0\d$"))
    page.get_by_role("navigation", name="Main navigation").get_by_role("link", name="My week").click()
    expect(page.get_by_role("heading", name="My week")).to_be_visible()
    expect(clock).to_be_visible()
    page.get_by_role("button", name="Timer").click()
    page.get_by_role("button", name="Pause").click()
    expect(page.locator("#timer .time-clock")).to_have_attribute("data-tone", "amber")
    page.get_by_role("button", name="Timer").click()
    menu = page.locator("#timer-menu")
    menu.get_by_role("combobox", name="Ticket").fill("crusher")
    menu.get_by_role("option", name="The crusher is jammed").click()
    menu.get_by_label("Notes").fill("Took the stone out")
    menu.get_by_role("button", name="Stop and log").click()
    expect(page.get_by_role("button", name="Start a timer")).to_be_visible()


def test_a_week_shows_its_work_takes_more_and_is_handed_in(page: Page, desk: Desk):
    company = desk.make("companies", name="Harbour Company")
    desk.make("tickets", {"company": ("companies", company)}, title="The crane is slow")
    page.goto("/ui/timesheet?date=2026-03-11")
    expect(page.locator("#week thead th")).to_have_count(9)
    page.get_by_label("Time", exact=True).fill("ninety")
    page.get_by_role("button", name="Log time").click()
    expect(page.locator("[data-fault=minutes]")).to_contain_text("1:30")
    page.get_by_label("Time", exact=True).fill("1:30")
    page.get_by_role("combobox", name="Ticket").fill("crane")
    page.get_by_role("option", name="The crane is slow").click()
    page.get_by_role("button", name="Log time").click()
    row = page.locator("#week tbody tr", has_text="The crane is slow")
    expect(row.locator("td").nth(2)).to_have_text("1:30")
    expect(page.locator("#week tfoot")).to_contain_text("1:30")
    page.reload()
    page.get_by_role("button", name="Hand in").click()
    expect(page.locator(".time-sum")).to_contain_text("Submitted")
    page.get_by_role("link", name="Earlier week").click()
    expect(page.locator("#week")).to_contain_text("Nothing logged in this week yet.")


def test_time_is_typed_into_the_cells_of_the_week(page: Page, desk: Desk):
    company = desk.make("companies", name="Lighthouse Company")
    lamp = desk.make("tickets", {"company": ("companies", company)}, title="The lamp is dim")
    horn = desk.make("tickets", {"company": ("companies", company)}, title="The horn is silent")
    me = desk.api.get("/auth/me").json()["data"]["id"]
    kind = desk.api.get("/work-types").json()["data"][0]["id"]
    for ticket, minutes in ((lamp, 60), (horn, 15), (horn, 20)):
        linked = {"ticket": ("tickets", ticket), "work_type": ("work-types", kind), "user": ("users", me)}
        desk.make("time-entries", linked, date="2026-03-16", duration_minutes=minutes)
    page.goto("/ui/timesheet?date=2026-03-18")
    rows = page.locator("#week tbody tr")
    cells = rows.filter(has_text="The lamp is dim").locator("td")
    cells.nth(0).locator("[data-cell]").focus()
    page.keyboard.type("1:30")
    page.keyboard.press("Tab")
    page.keyboard.type("1.5")
    page.keyboard.press("Enter")
    expect(cells.nth(0)).to_have_text("1:30")
    expect(cells.nth(1)).to_have_text("1:30")
    expect(cells.last).to_have_text("3:00")
    cells.nth(1).locator("[data-cell]").focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.type("1:x")
    page.keyboard.press("Enter")
    expect(page.locator("#toasts")).to_contain_text("Enter the time as")
    page.keyboard.press("Escape")
    expect(cells.nth(0)).to_have_text("1:30")
    several = rows.filter(has_text="The horn is silent").locator("td").nth(0).locator("[data-cell]")
    expect(several).to_have_text("0:35")
    several.focus()
    page.keyboard.press("Enter")
    expect(page.locator("tbody tr[data-row]")).to_have_count(2)


def test_a_timer_starts_from_the_page_of_a_ticket(page: Page, desk: Desk):
    company = desk.make("companies", name="Ferry Company")
    ticket = desk.make("tickets", {"company": ("companies", company)}, title="The ramp is stuck")
    page.goto(f"/ui/tickets/{ticket}")
    page.get_by_role("button", name="Start timer").click()
    expect(page.get_by_role("button", name="Your timer runs here")).to_be_visible()
    page.get_by_role("button", name="Your timer runs here").click()
    page.locator("#timer-menu").get_by_role("button", name="Stop and log").click()
    expect(page.get_by_role("button", name="Start timer")).to_be_visible()
    expect(page.get_by_role("button", name="Start a timer")).to_be_visible()
