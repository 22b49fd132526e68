"""The bell in a real browser: what concerns a person appears by itself, and is theirs alone."""

import pytest
from playwright.sync_api import Page, expect

from .conftest import Desk

pytestmark = pytest.mark.browser


@pytest.fixture
def colleague(desk: Desk) -> Desk:
    """Another administrator."""
    return desk.person("colleague@example.com", "Carla Colleague", "admin")


def told(number: int) -> str:
    """Return what the bell says of a number of unread notifications."""
    return f"{number} unread notification{'s' if number > 1 else ''}" if number else "Notifications"


def unread(page: Page) -> int:
    """Return what the bell counts."""
    first = str(page.locator(".bell").get_attribute("aria-label")).split()[0]
    return int(first) if first.isdigit() else 0


def test_an_assignment_appears_at_the_bell_and_is_read_by_opening_it(page: Page, desk: Desk, colleague: Desk):
    me = desk.api.get("/auth/me").json()["data"]["id"]
    with page.expect_response("**/ui/events?since=*"):
        page.goto("/ui/companies")
    bell, before = page.locator(".bell"), unread(page)
    ticket = colleague.make("tickets", {"assigned_to": ("users", me)}, title="The printer hums a tune")
    expect(bell).to_have_attribute("aria-label", told(before + 1))
    bell.click()
    item = page.get_by_role("button", name="The printer hums a tune")
    expect(item).to_contain_text("Carla Colleague")
    item.click()
    expect(page).to_have_url(f"{desk.url}/ui/tickets/{ticket}")
    expect(page.locator(".bell")).to_have_attribute("aria-label", told(before))


def test_a_mention_is_told_to_the_mentioned_and_not_to_its_author(page: Page, desk: Desk, colleague: Desk):
    me = desk.api.get("/auth/me").json()["data"]["id"]
    them = colleague.api.get("/auth/me").json()["data"]["id"]
    ticket = desk.make("tickets", title="Mentioned in passing")
    text = f"Look at this, @[Admin](user:{me}) and @[Carla](user:{them})."
    document = {"data": {"type": "comments", "attributes": {"content": text, "note_type": "internal"}}}
    with page.expect_response("**/ui/events?since=*"):
        page.goto("/ui/notifications")
    assert colleague.api.post(f"/tickets/{ticket}/notes", json=document).status_code == 201
    expect(page.get_by_role("button", name="Mentioned in passing")).to_have_count(1)
    page.locator("#notices").get_by_role("button", name="Mark all as read").click()
    expect(page.locator(".console-notice.unread")).to_have_count(0)
    page.get_by_role("button", name="Mark as unread").first.click()
    expect(page.locator(".console-notice.unread")).to_have_count(1)


def test_marking_all_as_read_means_the_list_that_is_seen_not_the_page_around_it(
    page: Page, desk: Desk, colleague: Desk
):
    me = desk.api.get("/auth/me").json()["data"]["id"]
    with page.expect_response("**/ui/events?since=*"):
        page.goto("/ui/companies")
    before = unread(page)
    colleague.make("tickets", {"assigned_to": ("users", me)}, title="Came after the page")
    expect(page.locator(".bell")).to_have_attribute("aria-label", told(before + 1))
    page.locator(".bell").click()
    expect(page.locator("#bell-list")).to_contain_text("Came after the page")
    other = page.context.new_page()
    other.goto("/ui/notifications")
    colleague.make("tickets", {"assigned_to": ("users", me)}, title="Came after the list")
    expect(other.get_by_role("button", name="Came after the list")).to_be_visible()
    page.locator("#bell-list").get_by_role("button", name="Mark all as read").click()
    expect(page.locator(".bell")).to_have_attribute("aria-label", told(1))
    expect(other.locator(".console-notice.unread")).to_have_count(1)
    expect(other.locator(".console-notice.unread")).to_contain_text("Came after the list")
