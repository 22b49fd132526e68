"""A ticket's page in a real browser: keys, conversation, what others do meanwhile."""

import re

import pytest
from playwright.sync_api import Page, expect

from .conftest import Desk
from .service_desk import move, open_ticket, say, told, write

pytestmark = pytest.mark.browser


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
