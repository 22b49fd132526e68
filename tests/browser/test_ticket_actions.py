"""What becomes of tickets in a real browser: split, merged, followed up, opened from templates."""

import pytest
from playwright.sync_api import Page, expect

from .conftest import Desk
from .service_desk import open_ticket, say

pytestmark = pytest.mark.browser


def test_notes_are_split_off_and_tickets_merged_in_dialogs(page: Page, desk: Desk):
    ticket = open_ticket(desk, "Two things at once")
    say(desk, ticket, "The mailbox is full.")
    say(desk, ticket, "And the parrot has escaped.")
    page.goto(f"/ui/tickets/{ticket}")
    page.get_by_role("button", name="More", exact=True).click()
    page.get_by_role("button", name="Split notes off").click()
    dialog = page.get_by_role("dialog", name="Split notes off")
    dialog.get_by_role("button", name="Split").click()
    expect(dialog.locator("[data-fault=notes]")).to_contain_text("Choose at least one note")
    dialog.get_by_text("And the parrot has escaped.").click()
    dialog.get_by_label("Title of the new ticket").fill("A parrot is at large")
    dialog.get_by_role("button", name="Split").click()
    expect(page.locator("#ticket-head h2")).to_have_text("A parrot is at large")
    expect(page.locator("#log")).to_contain_text("And the parrot has escaped.")
    page.keyboard.press("m")
    dialog = page.get_by_role("dialog", name="Merge into another ticket")
    dialog.get_by_role("combobox", name="Ticket to merge into").fill("Two things")
    dialog.get_by_role("option", name="Two things at once").click()
    dialog.get_by_role("button", name="Merge").click()
    expect(page.locator("#ticket-head h2")).to_have_text("Two things at once")
    expect(page.locator("#log")).to_contain_text("And the parrot has escaped.")
    related = page.locator("#panel-ticketing-family")
    expect(related).to_contain_text("A parrot is at large")
    related.get_by_role("link", name="A parrot is at large").click()
    expect(page.locator("#ticket-head")).to_contain_text("can be read but not changed")
    expect(page.locator(".composer")).to_have_count(0)


def test_children_follow_ups_and_tags_are_made_where_the_ticket_is(page: Page, desk: Desk):
    ticket = open_ticket(desk, "The mother of all tickets")
    page.goto(f"/ui/tickets/{ticket}")
    page.get_by_role("button", name="More", exact=True).click()
    page.get_by_role("button", name="New child ticket").click()
    page.get_by_role("dialog", name="New child ticket").get_by_label("Title").fill("A small one")
    page.get_by_role("button", name="Open ticket").click()
    expect(page.locator("#panel-ticketing-family")).to_contain_text("A small one")
    page.get_by_role("button", name="More", exact=True).click()
    page.get_by_role("button", name="Close", exact=True).click()
    dialog = page.get_by_role("dialog", name="Close")
    dialog.get_by_role("button", name="Close ticket").click()
    expect(dialog.locator("[data-fault='']")).to_contain_text("child tickets are still open")
    dialog.get_by_text("Close open child tickets too").click()
    dialog.get_by_role("button", name="Close ticket").click()
    expect(page.locator("#ticket-head .pill")).to_have_text("Closed")
    page.get_by_role("button", name="Tags").click()
    page.locator("#pick-tags input[type=text]").fill("family")
    page.keyboard.press("Enter")
    page.locator("#pick-tags").get_by_role("button", name="Save").click()
    expect(page.locator("#ticket-head .tag")).to_have_text("family")
    page.get_by_role("button", name="More", exact=True).click()
    page.get_by_role("button", name="New follow-up").click()
    expect(page.locator("#panel-ticketing-family")).to_contain_text("Follows up on")


def test_a_ticket_is_opened_from_a_template(page: Page, desk: Desk):
    desk.make("ticket-templates", name="Leaver", title="Leaver")
    desk.make("ticket-templates", name="Onboarding", title="New starter", tags=["onboarding"])
    page.goto("/ui/tickets/from-template")
    page.get_by_role("button", name="Open ticket").click()
    expect(page.locator("[data-fault=template]")).to_contain_text("Choose a template")
    page.get_by_text("Onboarding", exact=True).first.click()
    page.get_by_role("combobox", name="Company").fill("Sample Company 01")
    page.get_by_role("option", name="Sample Company 01").click()
    page.get_by_role("button", name="Open ticket").click()
    expect(page.locator("#ticket-head h2")).to_have_text("New starter")
    expect(page.locator("#ticket-side")).to_contain_text("Sample Company 01")
