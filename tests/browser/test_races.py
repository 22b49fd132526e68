"""Answers that come late or the other way round, with requests that are held: the last word is the person's."""

import re

import pytest
from playwright.sync_api import Dialog, Page, Route, expect

from .conftest import Desk
from .holding import HELD, caught, listening, renewal
from .service_desk import open_ticket, say, write

pytestmark = pytest.mark.browser


def test_enter_in_the_palette_is_for_what_was_typed_not_for_what_was_shown_before(page: Page, desk: Desk):
    wanted = open_ticket(desk, "Wombat under the raised floor")
    page.goto("/ui/")
    page.keyboard.press("Control+k")
    expect(page.locator("#palette .option").first).to_be_visible()
    held: list[Route] = []
    page.route("**/ui/palette?q=Wombat", lambda route: held.append(route))
    with page.expect_request("**/ui/palette?q=Wombat"):
        page.keyboard.insert_text("Wombat")
        page.keyboard.press("Enter")
    expect(page.locator("#palette dialog")).to_be_visible()
    caught(page, held).continue_()
    page.wait_for_url(f"**/ui/tickets/{wanted}")


def test_enter_in_a_picker_is_for_what_was_typed_too(page: Page, desk: Desk):
    desk.make("companies", name="Zebra Crossing Ltd")
    page.goto("/ui/contacts/new")
    company = page.get_by_role("combobox", name="Company")
    company.focus()
    expect(page.locator(".picker-list .option").first).to_be_visible()
    held: list[Route] = []
    page.route("**/ui/pick/companies?q=Zebra", lambda route: held.append(route))
    with page.expect_request("**/ui/pick/companies?q=Zebra"):
        page.keyboard.insert_text("Zebra")
        page.keyboard.press("Enter")
    caught(page, held).continue_()
    expect(page.locator(".picked > span")).to_contain_text(["Zebra Crossing Ltd"])


def test_the_drawer_shows_the_row_that_one_stands_on_and_nothing_on_the_next_page(page: Page):
    page.goto("/ui/companies")
    rows = page.locator("tr[data-row]")
    paths = [str(rows.nth(number).get_attribute("data-peek")) for number in range(3)]
    held: HELD = {path: [] for path in paths}
    page.route(
        re.compile("/peek$"),
        lambda route: held[route.request.url.removeprefix(page.url.split("/ui/")[0])].append(route),
    )
    page.keyboard.press("j")
    with page.expect_request(f"**{paths[0]}"):
        page.keyboard.press("Space")
    caught(page, held[paths[0]]).continue_()
    heading = page.locator("#drawer h2")
    expect(heading).to_have_text(rows.nth(0).locator("a.title").inner_text())
    with page.expect_request(f"**{paths[1]}"):
        page.keyboard.press("j")
    with page.expect_request(f"**{paths[2]}"):
        page.keyboard.press("j")
    caught(page, held[paths[2]]).continue_()
    expect(heading).to_have_text(rows.nth(2).locator("a.title").inner_text())
    held[paths[1]].clear()
    with page.expect_request(f"**{paths[1]}"):
        page.keyboard.press("k")
    page.get_by_role("link", name="Home").first.click()
    page.wait_for_url("**/ui/")
    with page.expect_response("**/ui/notifications/latest"):
        caught(page, held[paths[1]]).continue_()
        page.locator(".bell").click()
    expect(page.locator("#drawer")).to_be_empty()


def test_a_note_that_is_about_to_be_changed_survives_a_renewal(page: Page, desk: Desk):
    ticket = open_ticket(desk, "Echidna in the paper tray")
    mine = say(desk, ticket, "It came by night")
    listening(page, f"/ui/tickets/{ticket}")
    note = page.locator(f"#note-{mine}")
    note.get_by_role("button", name="Edit").click()
    expect(note.locator(".tiptap")).to_be_focused()
    with page.expect_response(lambda response: renewal(page)(response.request)):
        say(desk, ticket, "It is gone")
    page.keyboard.press("Control+a")
    page.keyboard.type("It came by day")
    note.get_by_role("button", name="Save").click()
    expect(note).to_contain_text("It came by day")


def test_what_is_told_only_once_stays_when_the_part_around_it_is_renewed(page: Page, desk: Desk):
    provider = desk.make("scim-providers", name="Quokka directory")
    listening(page, f"/ui/scim-providers/{provider}")
    page.get_by_label("Name of a new token").fill("Quokka token")
    page.get_by_role("button", name="Make a token").click()
    told = page.locator("#scim-new-token code")
    expect(told).to_contain_text("psascim_")
    token = told.inner_text()
    desk.change("scim-providers", provider, name="Wallaby directory")
    expect(page.get_by_role("heading", name="Wallaby directory").first).to_be_visible()
    expect(told).to_have_text(token)


def test_a_cell_that_is_about_to_be_edited_survives_a_renewal(page: Page, desk: Desk):
    company = desk.make("companies", name="Zaardvark Aviaries")
    listening(page, "/ui/companies?q=Zaardvark")
    held: HELD = {"field": [], "renewal": []}
    page.route(re.compile("/field/"), lambda route: held["field"].append(route))
    page.route(re.compile(r"/ui/companies\?q=Zaardvark$"), lambda route: held["renewal"].append(route))
    with page.expect_request(renewal(page)):
        desk.change("companies", company, website="https://example.com")
    page.keyboard.press("j")
    with page.expect_request(re.compile("/field/")):
        page.keyboard.press("F2")
    with page.expect_response(lambda response: renewal(page)(response.request)):
        caught(page, held["renewal"]).continue_()
    caught(page, held["field"]).continue_()
    expect(page.locator("#results psa-form[inline]")).to_be_visible()


def test_a_card_stays_where_it_was_put_and_its_moves_arrive_in_their_order(page: Page, desk: Desk):
    ticket = open_ticket(desk, "Meander twice")
    listening(page, "/ui/tickets/board?q=Meander")
    held: HELD = {"renewal": [], "move": []}
    page.route("**/ui/tickets/board?q=Meander", lambda route: held["renewal"].append(route))
    page.route("**/move", lambda route: held["move"].append(route))
    third = page.locator("[data-column]").nth(2).locator("[data-card]")
    with page.expect_request(renewal(page)):
        desk.change("tickets", ticket, estimated_hours="1.5")
    page.locator("[data-card]").focus()
    with page.expect_request("**/move"):
        page.keyboard.press("]")
    page.keyboard.press("]")
    with page.expect_response(lambda response: renewal(page)(response.request)):
        caught(page, held["renewal"]).continue_()
    expect(third).to_have_count(1)
    with page.expect_request("**/move"):
        caught(page, held["move"]).continue_()
    with page.expect_request(renewal(page)):
        caught(page, held["move"]).continue_()
    with page.expect_response(lambda response: renewal(page)(response.request)):
        caught(page, held["renewal"]).continue_()
    expect(third).to_have_count(1)
    expect(page.locator(".toast[role=alert]")).to_have_count(0)


def test_what_is_typed_while_a_note_is_sent_is_not_thrown_away(page: Page, desk: Desk):
    ticket = open_ticket(desk, "A note on its way")
    page.goto(f"/ui/tickets/{ticket}")
    held: list[Route] = []
    page.route("**/reply", lambda route: held.append(route))
    page.keyboard.press("n")
    write(page, "First thought")
    with page.expect_request("**/reply"):
        page.keyboard.press("Control+Enter")
    page.keyboard.type(" and a second one")
    caught(page, held).continue_()
    expect(page.locator(".composer .tiptap")).to_have_text("and a second one")
    expect(page.get_by_text("First thought", exact=True)).to_be_visible()
    page.reload()
    expect(page.locator(".composer textarea")).to_have_value("and a second one")


def test_what_was_mended_and_sent_while_a_refusal_was_on_its_way_is_sent(page: Page):
    page.goto("/ui/companies/new")
    held: list[Route] = []
    page.route("**/ui/companies/new", lambda route: held.append(route))
    create = page.get_by_role("button", name="Save")
    with page.expect_request("**/ui/companies/new"):
        create.click()
    page.get_by_label("Name", exact=True).fill("Mended Ltd")
    create.click()
    with page.expect_request("**/ui/companies/new"):
        caught(page, held).continue_()
    caught(page, held).continue_()
    expect(page.get_by_role("heading", level=1, name="Mended Ltd")).to_be_visible()
    assert held == []


def test_a_cell_of_the_week_makes_one_entry_however_soon_it_is_typed_into_again(page: Page, desk: Desk):
    ticket = open_ticket(desk, "Hours in a hurry")
    kind = desk.api.get("/work-types?page[size]=1").json()["data"][0]["id"]
    desk.make(
        "time-entries",
        {"ticket": ("tickets", ticket), "work_type": ("work-types", kind)},
        date="2026-01-05",
        duration_minutes=15,
    )
    page.goto("/ui/timesheet?date=2026-01-05")
    cells = page.locator("#week tbody tr", has_text="Hours in a hurry").locator("[data-cell]")
    held: list[Route] = []
    page.route("**/ui/timesheet/log", lambda route: held.append(route))
    cells.nth(1).focus()
    page.keyboard.type("1:00")
    with page.expect_request("**/ui/timesheet/log"):
        page.keyboard.press("Enter")
    cells.nth(1).focus()
    page.keyboard.type("2:00")
    page.keyboard.press("Enter")
    with page.expect_response("**/ui/timesheet/log"):
        caught(page, held).continue_()
    expect(cells.nth(1)).to_have_attribute("data-url", re.compile("/entries/"))
    assert held == []
    found = desk.api.get(f"/time-entries?filter[ticket]={ticket}").json()["data"]
    assert sorted(one["attributes"]["duration_minutes"] for one in found) == [15, 60]


def test_who_left_is_gone_although_their_last_heartbeat_arrives_late(page: Page, desk: Desk):
    """TIC-60: both requests are on their way at once, and the later one is answered first."""
    colleague = desk.person("watcher@example.com", "Wanda Watcher", "technician")
    ticket = open_ticket(desk, "Left in a hurry")
    there = re.compile(f"/ui/tickets/{ticket}/presence$")
    held: list[Route] = []

    def pass_on(route: Route) -> None:
        if "state=gone" in (route.request.post_data or ""):
            route.continue_()
        else:
            held.append(route)

    page.route(there, pass_on)
    with page.expect_request(there):
        page.goto(f"/ui/tickets/{ticket}")
    with page.expect_response(there):
        page.get_by_role("link", name="Companies").first.click()
    page.wait_for_url("**/ui/companies")
    with page.expect_response(there):
        caught(page, held).continue_()
    assert colleague.api.get(f"/tickets/{ticket}/presence").json()["data"] == []


def test_back_asks_before_unsaved_changes_are_left(page: Page):
    """As links do: who stays is where they were, with their text and with all of their history."""
    asked: list[str] = []
    stays = [True, False]

    def answer(dialog: Dialog) -> None:
        asked.append(dialog.message)
        dialog.dismiss() if stays[len(asked) - 1] else dialog.accept()

    page.on("dialog", answer)
    page.goto("/ui/contacts")
    page.get_by_role("link", name="Companies").first.click()
    page.wait_for_url("**/ui/companies")
    page.locator("[data-hotkey=c]").click()
    page.wait_for_url("**/ui/companies/new")
    name = page.get_by_label("Name", exact=True)
    name.fill("Half written")
    page.evaluate("history.back()")
    page.wait_for_function("location.pathname === '/ui/companies/new'")
    expect(name).to_have_value("Half written")
    assert len(asked) == 1
    page.evaluate("history.back()")
    page.wait_for_url("**/ui/companies")
    expect(page.locator("tr[data-row]").first).to_be_visible()
    assert len(asked) == 2
    page.evaluate("history.back()")
    page.wait_for_url("**/ui/contacts")
    expect(page.get_by_role("heading", name="Contacts")).to_be_visible()
    assert len(asked) == 2


def test_back_from_a_part_of_a_page_and_over_a_filtered_list_finds_the_pages(page: Page):
    """Entries that the browser or htmx make have their place in the history too."""
    page.goto("/ui/companies")
    with page.expect_response(re.compile("q=Sample")):
        page.locator("#filters [name=q]").fill("Sample")
    page.wait_for_url("**/ui/companies?*q=Sample*")
    filtered = page.url
    page.evaluate("location.hash = 'main'")
    page.get_by_role("link", name="Contacts").first.click()
    page.wait_for_url("**/ui/contacts")
    page.evaluate("history.back()")
    page.wait_for_url("**#main")
    expect(page.locator("tr[data-row] a.title").first).to_contain_text("Sample")
    page.evaluate("history.back()")
    page.wait_for_url(filtered)
    expect(page.locator("tr[data-row] a.title").first).to_contain_text("Sample")
