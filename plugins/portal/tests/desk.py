"""A desk with two client companies: what the portal's tests hold in their hands."""

from typing import Any
from uuid import UUID

import httpx

from psa_sdk.testing import Client, Kit

FORM = "application/x-www-form-urlencoded"


class House:
    """A client company with an administrator and a user, who are contacts of it."""

    def __init__(self, company: UUID, admin: Client, user: Client, contacts: tuple[UUID, UUID]) -> None:
        self.company = company
        self.admin = admin
        self.user = user
        self.admin_contact, self.user_contact = contacts


class Desk:
    """The kit of the tests, and houses of clients."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit

    @classmethod
    async def open(cls, kit: Kit) -> "Desk":
        return cls(kit)

    async def house(self) -> House:
        kit = self.kit
        company = (await kit.make("companies")).id
        first = (await kit.make("contacts", company=company)).id
        second = (await kit.make("contacts", company=company)).id
        admin = await kit.portal(company, contact_id=first, admin=True, name=f"Ada Admin {first.hex[-6:]}")
        user = await kit.portal(company, contact_id=second, name=f"Uma User {second.hex[-6:]}")
        return House(company, admin, user, (first, second))

    async def ticket(self, client: Client, title: str = "Printer prints nothing", **more: Any) -> str:
        """Make a request by the portal's API and return its id."""
        answer = await client.post("/portal/tickets", {"title": title, **more}, type="portal-tickets")
        assert answer.status_code == 201, answer.text
        return answer.json()["data"]["id"]

    async def note(self, ticket: str, content: str, kind: str = "public") -> str:
        """Write a note as staff."""
        admin = await self.kit.admin()
        answer = await admin.post(
            "/comments", {"content": content, "note_type": kind}, {"subject": ("tickets", UUID(ticket))}
        )
        assert answer.status_code == 201, answer.text
        return answer.json()["data"]["id"]

    async def kind(self, *questions: dict[str, Any], **values: Any) -> UUID:
        """Make a request type with questions."""
        made = (await self.kit.make("request-types", **values)).id
        for place, question in enumerate(questions):
            answer = await (await self.kit.admin()).post(
                "/request-fields",
                {"label": question["key"].title(), "sort_order": place, **question},
                {"request_type": made},
            )
            assert answer.status_code == 201, answer.text
        return made


async def read(client: Client, path: str, **headers: str) -> httpx.Response:
    """Ask for a page as a browser does."""
    return await client.get(f"http://localhost/portal{path}", headers={"Accept": "text/html", **headers})


async def send(client: Client, path: str, files: Any = None, **form: str) -> httpx.Response:
    """Send a form as the pages' script does, with files as multipart."""
    if files is None:
        body, kind = str(httpx.QueryParams(form)).encode(), FORM
    else:
        sent = httpx.Request("POST", "http://localhost", data=form, files=files)
        body, kind = sent.read(), sent.headers["content-type"]
    headers = {"Content-Type": kind, "Psa-Action": "1"}
    return await client.request("POST", f"http://localhost/portal{path}", content=body, headers=headers)
