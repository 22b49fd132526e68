"""The service desk in a real browser: a ticket's page, its dialogs, the board, the list."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from .conftest import AXE, Desk, watched
from .test_quality import RULES

pytestmark = pytest.mark.browser


def company_of(desk: Desk) -> str:
    return desk.api.get("/companies?page[size]=1&sort=name").json()["data"][0]["id"]


def open_ticket(desk: Desk, title: str, **attributes: object) -> str:
    """Open a ticket for the first company."""
    relationships = {"company": {"data": {"type": "companies", "id": company_of(desk)}}}
    document = {
        "data": {
            "type": "tickets",
            "attributes": {"title": title, **attributes},
            "relationships": relationships,
        }
    }
    answer = desk.api.post("/tickets", json=document)
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]["id"]


def say(desk: Desk, ticket: str, content: str, kind: str = "internal") -> str:
    """Write a note by the API."""
    document = {"data": {"type": "comments", "attributes": {"content": content, "note_type": kind}}}
    answer = desk.api.post(f"/tickets/{ticket}/notes", json=document)
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]["id"]


def told(desk: Desk, ticket: str, name: str) -> str:
    """Return the name of what a ticket refers to."""
    return desk.api.get(f"/tickets/{ticket}/{name}").json()["data"]["attributes"]["name"]


def move(desk: Desk, ticket: str, status: str) -> None:
    """Set a ticket's status by the API."""
    found = desk.api.get("/ticket-statuses", params={"filter[name]": status}).json()["data"][0]["id"]
    link = {"data": {"type": "ticket-statuses", "id": found}}
    answer = desk.api.patch(f"/tickets/{ticket}/relationships/status", json=link)
    assert answer.is_success, answer.text


def write(page: Page, text: str) -> None:
    """Type into the editor once it is there."""
    editor = page.locator(".composer .tiptap")
    expect(editor).to_be_focused()
    page.keyboard.type(text)


def test_a_ticket_is_worked_from_the_list_to_resolved_by_keys_alone(page: Page, desk: Desk):
    ticket = open_ticket(desk, "Zebra printer prints stripes")
    open_ticket(desk, "Zebra crossing is not on the map")
    page.goto("/ui/tickets")
    page.keyboard.press("/")
    page.keyboard.type("Zebra")
    expect(page.locator("tbody tr[data-row]")).to_have_count(2)
    expect(page).to_have_url(re.compile(r"/ui/tickets\?q=Zebra"))
    for key in ("Enter", "j", "Enter"):
        page.keyboard.press(key)
    expect(page.locator("#ticket-head h2")).to_have_text("Zebra printer prints stripes")
    expect(page.locator("psa-trail")).to_contain_text("2 / 2")
    page.keyboard.press("i")
    expect(page.locator("#ticket-head")).to_contain_text("Administrator")
    expect(page.locator("#ticket-head .pill")).to_have_text("Open")
    page.keyboard.press("p")
    page.keyboard.press("c")
    page.keyboard.press("Enter")
    expect(page.locator("#ticket-head")).to_contain_text("Critical")
    page.keyboard.press("r")
    write(page, "We send **a new one** today.")
    page.keyboard.press("Control+Enter")
    reply = page.locator(".msg", has_text="We send a new one today.")
    expect(reply).to_have_attribute("data-kind", "public")
    expect(page.locator(".composer .tiptap")).to_have_text("")
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    write(page, "The old one is under warranty.")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".msg[data-kind=internal]")).to_contain_text("under warranty")
    page.keyboard.press("t")
    page.keyboard.type("15")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#panel-time-logged")).to_contain_text("0:15")
    page.keyboard.press("s")
    page.keyboard.press("w")
    page.keyboard.press("Enter")
    expect(page.locator("#ticket-head .pill")).to_have_text("Waiting for customer")
    page.keyboard.press("e")
    expect(page.locator("#ticket-head .pill")).to_have_text("Resolved")
    expect(page.get_by_role("button", name="Reopen")).to_be_visible()
    page.keyboard.press("k")
    expect(page.locator("#ticket-head h2")).to_have_text("Zebra crossing is not on the map")
    page.keyboard.press("u")
    expect(page).to_have_url(re.compile(r"/ui/tickets\?q=Zebra"))
    assert told(desk, ticket, "status") == "Resolved"
    assert told(desk, ticket, "priority") == "Critical"


def test_nothing_typed_is_lost_and_a_reply_that_crossed_another_is_held_back(page: Page, desk: Desk):
    ticket = open_ticket(desk, "Lost and found")
    with page.expect_response("**/ui/events?since=*"):
        page.goto(f"/ui/tickets/{ticket}")
    page.keyboard.press("r")
    write(page, "A long answer that took half an hour")
    with page.expect_response("**/ui/events?since=*"):
        page.reload()
    expect(page.locator(".composer textarea")).to_have_value("A long answer that took half an hour")
    colleague = desk.person("clara@example.com", "Clara Colleague", "technician").api
    document = {
        "data": {
            "type": "comments",
            "attributes": {"content": "Colleague was faster.", "note_type": "public"},
        }
    }
    assert colleague.post(f"/tickets/{ticket}/notes", json=document).status_code == 201
    expect(page.locator("#log")).to_contain_text("Colleague was faster.")
    page.get_by_role("button", name="Send", exact=False).first.click()
    expect(page.locator("[data-fault=newer]")).to_contain_text("answered while you were writing")
    expect(page.locator(".composer textarea")).to_have_value("A long answer that took half an hour")
    page.get_by_role("button", name="Send all the same").click()
    expect(page.locator("#log")).to_contain_text("A long answer that took half an hour")
    page.reload()
    expect(page.locator(".composer textarea")).to_have_value("")


def test_a_property_that_somebody_else_changed_meanwhile_is_not_overwritten(page: Page, desk: Desk):
    ticket = open_ticket(desk, "Two at one desk")
    page.goto(f"/ui/tickets/{ticket}")
    page.keyboard.press("s")
    expect(page.locator("#menu-status")).to_be_visible()
    move(desk, ticket, "Scheduled")
    page.get_by_role("menuitemradio", name="Open").click()
    expect(page.locator(".toast")).to_contain_text("changed by somebody else")
    expect(page.locator("#ticket-head .pill")).to_have_text("Scheduled")
    assert told(desk, ticket, "status") == "Scheduled"


def test_a_note_brings_files_mentions_and_prepared_texts(page: Page, desk: Desk):
    desk.make("canned-responses", name="Greeting", content="Hello, this is about {{ticket.number}}.")
    ticket = open_ticket(desk, "Please call back")
    number = desk.api.get(f"/tickets/{ticket}").json()["data"]["attributes"]["ticket_number"]
    page.goto(f"/ui/tickets/{ticket}")
    page.keyboard.press("n")
    write(page, "/Gree")
    page.get_by_role("option", name="Greeting").click()
    expect(page.locator(".composer .tiptap")).to_contain_text(f"Hello, this is about {number}.")
    page.keyboard.type(" Ask @Adm")
    expect(page.get_by_role("option", name="Administrator")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator(".composer .tiptap a")).to_have_text("@Administrator")
    page.locator(".composer").evaluate(
        "el => { const data = new DataTransfer(); data.items.add(new File(['beans: 0'], 'beans.log', {type: 'text/plain'}));"
        " el.querySelector('.tiptap').dispatchEvent(new DragEvent('drop', {dataTransfer: data, bubbles: true, cancelable: true})); }"
    )
    expect(page.locator(".composer-files")).to_contain_text("beans.log")
    page.keyboard.press("Control+Enter")
    note = page.locator(".msg[data-kind=internal]")
    expect(note).to_contain_text("@Administrator")
    expect(note.locator(".file")).to_have_text("beans.log")
    answer = page.request.get(str(note.locator(".file").get_attribute("href")))
    assert answer.text() == "beans: 0"
    made = str(note.get_attribute("id")).removeprefix("note-")
    query = {"filter[comment]": made}
    assert len(desk.api.get("/comment-mentions", params=query).json()["data"]) == 1


def test_a_note_of_ones_own_is_changed_and_a_colleagues_is_not(page: Page, desk: Desk):
    ticket = open_ticket(desk, "The clock is slow")
    mine = say(desk, ticket, "The clock is four minutes late")
    colleague = desk.person("nell@example.com", "Nell Neighbour", "technician")
    theirs = say(colleague, ticket, "Take the spare one")
    page.goto(f"/ui/tickets/{ticket}")
    expect(page.locator(f"#note-{theirs}")).to_contain_text("Take the spare one")
    expect(page.locator(f"#note-{theirs}").get_by_role("button", name="Edit")).to_have_count(0)
    note = page.locator(f"#note-{mine}")
    note.get_by_role("button", name="Edit").click()
    expect(note.locator(".tiptap")).to_be_focused()
    page.keyboard.press("Control+a")
    page.keyboard.type("It is five minutes late")
    note.get_by_role("button", name="Save").click()
    expect(note).to_contain_text("It is five minutes late")
    expect(note).to_contain_text("edited")
    answer = page.request.get(f"/ui/tickets/{ticket}/notes/{theirs}")
    assert answer.status == 404


def test_who_else_has_the_ticket_open_is_shown_and_that_they_write(page: Page, desk: Desk):
    ticket = open_ticket(desk, "The door sticks")
    page.goto(f"/ui/tickets/{ticket}")
    colleague = desk.person("nell@example.com", "Nell Neighbour", "technician")
    for state, said in (("viewing", "is looking at this"), ("typing", "is writing"), ("gone", "")):
        body = {"data": {"attributes": {"state": state}}}
        assert colleague.api.post(f"/tickets/{ticket}/presence", json=body).is_success
        here = page.locator("psa-ticketing-presence")
        expect(here).to_have_text(re.compile(f"Nell Neighbour {said}$") if said else "")


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
        base_url=desk.url, storage_state=session, color_scheme=theme, bypass_csp=True
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
        page.evaluate(AXE.read_text())
        result = page.evaluate(f"axe.run(document, {{{RULES[theme]}}})")
        found += [f"{path}: {one['id']} {one['nodes'][0]['html'][:120]}" for one in result["violations"]]
        page.set_viewport_size({"width": 390, "height": 844})
        width = page.evaluate("document.documentElement.scrollWidth")
        found += [f"{path}: {width} pixels wide on a phone"] if width > 390 else []
        page.set_viewport_size({"width": 1440, "height": 900})
    context.close()
    assert (found, wrong) == ([], [])
