"""Setting up a mailbox, building a rule, pressing its button on a ticket, asking clients: in a real browser."""

import pytest
from playwright.sync_api import Page, expect

from .accessibility import in_every_look
from .conftest import Desk

pytestmark = pytest.mark.browser


def test_a_mailbox_is_set_up_paused_and_resumed(page: Page, desk: Desk):
    page.goto("/ui/email-mailboxes/new")
    page.get_by_role("textbox", name="Name *", exact=True).fill("Front desk")
    page.get_by_role("textbox", name="Address *").fill("front@desk.example.com")
    expect(page.get_by_label("Secret", exact=True)).to_have_attribute("type", "password")
    page.get_by_role("button", name="Save").click()
    expect(page.locator('[data-fault="host"]')).to_contain_text("Name the mail server")
    page.get_by_label("Kind").select_option("push")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**/ui/email-mailboxes/*-*")
    expect(page.get_by_text("Not read yet")).to_be_visible()
    page.get_by_role("button", name="Pause", exact=True).click()
    expect(page.get_by_text("Paused", exact=True).first).to_be_visible()
    page.get_by_role("button", name="Resume", exact=True).click()
    expect(page.get_by_text("Not read yet")).to_be_visible()


def test_a_rule_is_built_tried_and_kept(page: Page, desk: Desk):
    company = desk.make("companies", name="Builder Ltd")
    desk.make("tickets", {"company": ("companies", company)}, title="Okapi crossing blinks")
    page.goto("/ui/ticket-automation-rules")
    page.get_by_role("link", name="New rule").first.click()
    page.get_by_label("Name").fill("Okapis are urgent")
    page.get_by_role("button", name="Add a condition").click()
    condition = page.locator(".automation-row").first
    condition.get_by_label("Field").select_option("title")
    condition.get_by_label("Operator").select_option("contains")
    condition.get_by_label("Value").fill("okapi")
    page.get_by_role("button", name="What would match?").click()
    expect(page.locator("#dry-run")).to_contain_text("Okapi crossing blinks")
    page.get_by_label("Add an action").select_option("add_tags")
    tags = page.get_by_role("region", name="Add tags").get_by_role("textbox", name="Tags")
    tags.fill("striped")
    tags.press("Enter")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**/ui/ticket-automation-rules/*-*-*")
    page.reload()
    expect(page.locator(".automation-row").first.get_by_label("Value")).to_have_value("okapi")
    expect(page.get_by_role("region", name="Add tags")).to_contain_text("striped")


def macro(desk: Desk, name: str) -> str:
    """Make a ticket, and a rule with a button on it; returns the ticket."""
    said = {"action": "add_note", "content": "Passed on to the landlord."}
    attributes = {"name": name, "trigger_type": "manual", "actions": [said]}
    document = {"data": {"type": "automation-rules", "attributes": attributes}}
    made = desk.api.post("/ticket-automation-rules", json=document)
    assert made.status_code == 201, made.text
    company = desk.make("companies", name=f"{name} Ltd")
    return desk.make("tickets", {"company": ("companies", company)}, title="Door sticks")


def test_a_macro_acts_on_the_ticket_at_once(page: Page, desk: Desk):
    ticket = macro(desk, "Hand over")
    page.goto(f"/ui/tickets/{ticket}")
    page.get_by_role("button", name="Hand over", exact=True).click()
    expect(page.get_by_text("Passed on to the landlord.")).to_be_visible()


def test_nothing_stands_in_anybodys_way(page: Page, desk: Desk):
    """WCAG 2.2 AA in every look."""
    ticket = macro(desk, "Look around")
    rule = desk.api.get("/ticket-automation-rules?page[size]=1").json()["data"][0]["id"]
    paths = (
        "/ui/email-mailboxes/new", "/ui/ticket-automation-rules", f"/ui/ticket-automation-rules/{rule}", "/ui/sla",
        "/ui/satisfaction", f"/ui/tickets/{ticket}",
    )  # fmt: skip
    found: list[str] = []
    for path in paths:
        page.goto(path)
        found += in_every_look(page)
    assert found == []
