"""Accessibility of what was made for tickets and contacts."""

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, expect

from .accessibility import faults
from .conftest import Desk, watched
from .service_desk import company_of, open_ticket, say

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_in_what_was_made_for_tickets_and_contacts(
    chromium: Browser, desk: Desk, session: Path, theme: Literal["light", "dark"]
):
    ticket = open_ticket(desk, "Everyone can use this", tags=["access"])
    for number in range(12):
        say(desk, ticket, f"Note *{number}*", ("internal", "public")[number % 2])
    contact = desk.make("contacts", first_name="Vera", last_name="Visible", email=f"vera.{theme}@example.com")
    desk.make("ticket-templates", name=f"Access {theme}", title="Access")
    context = chromium.new_context(
        base_url=desk.url, storage_state=session, color_scheme=theme, reduced_motion="reduce", bypass_csp=True
    )
    page, wrong = watched(context, desk)

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
        found += faults(page, theme)
        page.set_viewport_size({"width": 390, "height": 844})
        width = page.evaluate("document.documentElement.scrollWidth")
        found += [f"{path}: {width} pixels wide on a phone"] if width > 390 else []
        page.set_viewport_size({"width": 1440, "height": 900})
    context.close()
    assert (found, wrong) == ([], [])
