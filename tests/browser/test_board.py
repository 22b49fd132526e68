"""The board and the list of tickets in a real browser."""

import pytest
from playwright.sync_api import Page, expect

from .conftest import Desk
from .service_desk import move, open_ticket, told

pytestmark = pytest.mark.browser


def test_cards_move_by_mouse_and_by_keys_and_go_back_when_refused(page: Page, desk: Desk):
    ticket = open_ticket(desk, "Quokka wants a selfie")
    with page.expect_response("**/ui/events?since=*"):
        page.goto("/ui/tickets/board?q=Quokka")
    card = page.locator(f"#card-{ticket}")
    columns = {
        name: page.get_by_role("region", name=name, exact=True) for name in ("New", "Open", "Scheduled")
    }
    expect(columns["New"].locator(".n")).to_have_text("1")
    card.focus()
    page.keyboard.press("]")
    expect(columns["Open"].locator("[data-card]")).to_have_count(1)
    expect(columns["Open"].locator(".n")).to_have_text("1")
    expect(columns["New"].locator(".n")).to_have_text("0")
    expect(card).to_be_focused()
    card.drag_to(columns["Scheduled"].locator("[data-column]"))
    expect(columns["Scheduled"].locator("[data-card]")).to_have_count(1)
    # What the server says of it now: the board has fetched itself anew.
    expect(columns["Scheduled"].locator(".n")).to_have_attribute("data-shown", "1")
    place = card.bounding_box()
    target = columns["New"].locator("[data-column]").bounding_box()
    assert place
    assert target
    page.mouse.move(place["x"] + 20, place["y"] + 20)
    page.mouse.down()
    page.mouse.move(place["x"] - 60, place["y"] + 30, steps=4)
    move(desk, ticket, "Waiting for customer")
    page.mouse.move(target["x"] + 60, target["y"] + 30, steps=8)
    page.mouse.up()
    expect(page.locator(".toast")).to_contain_text("Somebody else moved this ticket")
    expect(page.get_by_role("region", name="Waiting for customer").locator("[data-card]")).to_have_count(1)


def test_the_board_shows_other_columns_and_the_list_its_views(page: Page, desk: Desk):
    ticket = open_ticket(desk, "Ibis in the server room")
    page.goto("/ui/tickets/board?by=priority&q=Ibis")
    expect(page.get_by_role("region", name="Medium").locator("[data-card]")).to_have_count(1)
    page.get_by_label("Columns").select_option("assigned_to")
    expect(page.get_by_role("region", name="Nobody").locator("[data-card]")).to_have_count(1)
    page.locator(f"#card-{ticket}").focus()
    page.keyboard.press("]")
    expect(page.get_by_role("region", name="Administrator").locator("[data-card]")).to_have_count(1)
    page.goto("/ui/tickets")
    page.get_by_role("link", name="My open").click()
    expect(page.get_by_role("link", name="My open")).to_have_attribute("aria-current", "page")
    row = page.locator("tbody tr[data-row]", has_text="Ibis in the server room")
    expect(row).to_have_count(1)
    page.keyboard.press("j")
    page.keyboard.press("Space")
    expect(page.locator(".drawer")).to_contain_text("Ibis in the server room")
    page.keyboard.press("Escape")
    row.get_by_role("checkbox").check()
    page.keyboard.press("e")
    expect(row).to_have_count(0)
    assert told(desk, ticket, "status") == "Resolved"
