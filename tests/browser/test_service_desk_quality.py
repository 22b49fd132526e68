"""Accessibility of what was made for tickets and contacts."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from .accessibility import in_every_look
from .conftest import Desk
from .service_desk import company_of, open_ticket, say

pytestmark = pytest.mark.browser


def test_nothing_made_for_tickets_and_contacts_keeps_anybody_out(page: Page, desk: Desk):
    ticket = open_ticket(desk, "Everyone can use this", tags=["access"])
    for number in range(12):
        say(desk, ticket, f"Note *{number}*", ("internal", "public")[number % 2])
    contact = desk.make("contacts", first_name="Vera", last_name="Visible", email="vera@example.com")
    desk.make("ticket-templates", name="Access", title="Access")

    def keys(*names: str) -> Callable[[], None]:
        def press() -> None:
            for name in names:
                page.keyboard.press(name)
            expect(page.locator(":popover-open, dialog[open], .drawer, .tiptap").first).to_be_visible()

        return press

    views = [
        ("/ui/tickets", keys("j", "Space")),
        ("/ui/tickets/board?by=assigned_to", None),
        ("/ui/tickets/from-template", None),
        (f"/ui/tickets/{ticket}", keys("s")),
        (f"/ui/tickets/{ticket}", keys("m")),
        (f"/ui/tickets/{ticket}", keys("n")),
        (f"/ui/companies/{company_of(desk)}", None),
        (f"/ui/contacts/{contact}", keys("m")),
    ]
    found: list[str] = []
    for path, act in views:
        page.goto(path)
        if act is not None:
            act()
        found += in_every_look(page)
    assert found == []
