"""What browser tests of the service desk do by the API, or again and again on its pages."""

from playwright.sync_api import Page, expect

from .conftest import Desk


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
