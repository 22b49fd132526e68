"""The main job, from a new client to the audit trail, over HTTP in both tenancies with the worker running."""

from uuid import UUID

import pytest

from psa_sdk.identity import Directory, PasswordRequested
from psa_sdk.testing import Client, Kit

PASSWORD = "a quiet lantern by the harbour"
PLUGINS = ("contacts", "comments", "ticketing")


class Visitor:
    """A client in the portal, logged in through its front door."""

    def __init__(self, kit: Kit, email: str) -> None:
        self.kit, self.email, self.token = kit, email, ""

    async def log_in(self) -> None:
        body = {"email": self.email, "password": PASSWORD}
        if self.kit.installation.tenancy == "multi":
            body["tenant"] = self.kit.slug
        answer = await self.kit.anonymous().post("/portal/auth/login", body)
        assert answer.status_code == 201, answer.text
        self.token = answer.json()["data"]["attributes"]["access_token"]

    async def get(self, path: str, **query):
        return await self.kit.anonymous().get(path, params=query, headers=self._headers)

    async def post(self, path: str, attributes: dict, **options):
        return await self.kit.anonymous().post(path, attributes, headers=self._headers, **options)

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


class Stage:
    """Where the story plays, and what its audience checks after each scene."""

    def __init__(self, kit: Kit, admin: Client) -> None:
        self.kit, self.admin = kit, admin
        self.stranger: Visitor | None = None

    async def made(self, who, path: str, attributes: dict, relationships=None, **options) -> UUID:
        if relationships is not None:
            options["relationships"] = relationships
        answer = await who.post(path, attributes, **options)
        assert answer.status_code == 201, answer.text
        return UUID(answer.json()["data"]["id"])

    async def client_of(self, company: UUID, email: str) -> tuple[UUID, Visitor]:
        """Add a person, let them into the portal, and follow the invitation."""
        n = self.kit.number()
        contact = await self.made(
            self.admin, "/contacts", {"first_name": f"Client{n}", "email": email}, {"company": company}
        )
        answer = await self.admin.post(f"/contacts/{contact}/portal-access", {"role": "client_user"})
        assert answer.status_code == 200, answer.text
        account = answer.json()["data"]["relationships"]["portal_user"]["data"]["id"]
        [asked] = await self.kit.installation.rows(
            "SELECT payload->>'request_id' AS id FROM psa.outbox WHERE name = $1 AND payload->>'account_id' = $2",
            PasswordRequested.name,
            account,
        )
        async with self.kit.unit() as ctx:
            token = (await ctx.service(Directory).password_token(UUID(asked["id"]))).token
        set_ = await self.kit.anonymous().post(
            "/portal/auth/reset-password", {"token": token, "new_password": PASSWORD}
        )
        assert set_.is_success, set_.text
        visitor = Visitor(self.kit, email)
        await visitor.log_in()
        return contact, visitor

    async def nothing_leaks(self, *records: str) -> None:
        """The other company's client sees nothing of this, by any door."""
        assert self.stranger is not None
        for record in records:
            assert (await self.stranger.get(record)).status_code == 404, record
        for listed in ("/tickets", "/comments", "/attachments"):
            answer = await self.stranger.get(listed, **{"page[total]": "true"})
            assert answer.status_code == 200, answer.text
            assert answer.json()["meta"]["page"]["total"] == 0, listed
        assert (await self.stranger.get("/tickets", **{"filter[q]": "lantern"})).json()["data"] == []


async def attributes(who, path: str) -> dict:
    answer = await who.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]["attributes"]


async def contents(who, ticket: UUID) -> list[str]:
    answer = await who.get(f"/tickets/{ticket}/notes")
    assert answer.status_code == 200, answer.text
    return [item["attributes"]["content"] for item in answer.json()["data"]]


async def category(stage: Stage, ticket: UUID) -> str:
    answer = await stage.admin.get(f"/tickets/{ticket}", params={"include": "status"})
    return answer.json()["included"][0]["attributes"]["category"]


@pytest.mark.parametrize("tenancy", ["single", "multi"])
async def test_a_request_from_the_first_word_to_the_last(new_kit, tenancy: str):
    """TIC-03, 05, 06, 10, 11, 16, 64; CRM; AUD: the whole way of a request, seen from all sides."""
    kit: Kit = await new_kit(tenancy, plugins=PLUGINS, shared=False)
    stage = Stage(kit, await kit.admin())
    theo = await kit.staff(roles=("technician",), name="Theo Technician")

    # Two clients; each person gets in by an invitation.
    company = await stage.made(stage.admin, "/companies", {"name": "Lantern Bakery"})
    other = await stage.made(stage.admin, "/companies", {"name": "Other Client"})
    contact, client = await stage.client_of(company, "cleo@lantern.example")
    _, stage.stranger = await stage.client_of(other, "sam@other.example")
    await kit.drain()
    assert [item["id"] for item in (await client.get("/companies")).json()["data"]] == [str(company)]
    await stage.nothing_leaks(f"/companies/{company}", f"/contacts/{contact}")

    # The client asks.
    ticket = await stage.made(
        client, "/tickets", {"title": "The lantern is out", "description": "Since **noon**"}
    )
    shown = await attributes(theo, f"/tickets/{ticket}")
    assert (shown["source"], shown["awaiting"], shown["description_html"]) == (
        "portal",
        "us",
        "<p>Since <strong>noon</strong></p>",
    )
    assert str(ticket) in [
        item["id"]
        for item in (await theo.get("/tickets", params={"filter[status.category]": "new"})).json()["data"]
    ]
    await stage.nothing_leaks(f"/tickets/{ticket}", f"/tickets/{ticket}/notes")

    # Staff takes it and answers, inside and outside.
    me = await theo.account_id()
    assert (await theo.post(f"/tickets/{ticket}/assign", {"assigned_to": str(me)})).status_code == 200
    await stage.made(
        theo,
        f"/tickets/{ticket}/notes",
        {"content": "The bulb, again", "note_type": "internal"},
        type="comments",
    )
    public = await stage.made(
        theo, f"/tickets/{ticket}/notes", {"content": "We are on it", "note_type": "public"}, type="comments"
    )
    await kit.drain()
    assert await contents(client, ticket) == ["We are on it"]
    assert "bulb" not in (await client.get(f"/tickets/{ticket}", include="notes")).text
    shown = await attributes(theo, f"/tickets/{ticket}")
    assert shown["awaiting"] == "customer"
    assert shown["first_response_at"] is not None
    await stage.nothing_leaks(f"/tickets/{ticket}", f"/comments/{public}")

    # Resolved too early: the client's word brings it back.
    answer = await theo.get("/ticket-statuses", params={"filter[category]": "resolved"})
    resolved = UUID(answer.json()["data"][0]["id"])
    assert (await theo.patch(f"/tickets/{ticket}", relationships={"status": resolved})).status_code == 200
    await stage.made(client, f"/tickets/{ticket}/notes", {"content": "Still dark"}, type="comments")
    assert await category(stage, ticket) == "open"
    assert (await attributes(theo, f"/tickets/{ticket}"))["reopen_count"] == 1

    # A second ticket about the same joins the first; the client's link to it goes on working.
    double = await stage.made(client, "/tickets", {"title": "Lantern still out"})
    assert (await theo.post(f"/tickets/{double}/merge", {"target": str(ticket)})).status_code == 200
    await stage.made(client, f"/tickets/{double}/notes", {"content": "Also the door bell"}, type="comments")
    assert (await contents(client, ticket))[-1] == "Also the door bell"
    assert await category(stage, double) == "merged"

    # What is another matter goes its own way.
    bell = next(
        item["id"]
        for item in (await theo.get(f"/tickets/{ticket}/notes")).json()["data"]
        if item["attributes"]["content"] == "Also the door bell"
    )
    split = await stage.made(theo, f"/tickets/{ticket}/split", {"notes": [bell], "title": "Door bell"})
    assert await contents(client, split) == ["Also the door bell"]
    assert "Also the door bell" not in await contents(client, ticket)
    await kit.drain()
    await stage.nothing_leaks(f"/tickets/{double}", f"/tickets/{split}", f"/comments/{bell}")

    # Done.
    assert (await theo.patch(f"/tickets/{ticket}", relationships={"status": resolved})).status_code == 200
    closed = await theo.post(f"/tickets/{ticket}/close", {"resolution": "New bulb fitted."})
    assert closed.status_code == 200, closed.text
    assert (await contents(client, ticket))[-1] == "New bulb fitted."
    assert await category(stage, ticket) == "closed"
    await kit.drain()

    # The record of it all: events in order, all handled; activity for both sides; nothing for strangers.
    events = await kit.installation.rows(
        "SELECT name, done_at FROM psa.outbox WHERE kind = 'event' AND payload::text LIKE '%' || $1 || '%' ORDER BY id",
        str(ticket),
    )
    told = [row["name"].removeprefix("ticketing.") for row in events]
    assert told[0] == "ticket_opened"
    for name in (
        "ticket_assigned",
        "ticket_replied",
        "ticket_status_changed",
        "tickets_merged",
        "ticket_split",
    ):
        assert name in told
    waiting = await kit.installation.rows("SELECT name FROM psa.outbox WHERE dispatched_at IS NULL")
    assert waiting == []
    audited = (await stage.admin.get(f"/tickets/{ticket}/activity")).json()["data"]
    steps = [item["attributes"] for item in audited]
    assert steps[-1]["action"] == "created"
    assert {"Theo Technician"} < {step["actor_label"] for step in steps}
    assert all("bulb" not in str(step["changed"]) for step in steps)
    log = await stage.admin.get("/audit-logs", params={"filter[record_id]": str(ticket), "page[size]": "100"})
    assert log.status_code == 200, log.text
    assert len(log.json()["data"]) >= len(steps) > 5
    seen = await client.get(f"/tickets/{ticket}/activity")
    assert "Theo Technician" not in seen.text
    await stage.nothing_leaks(f"/tickets/{ticket}", f"/tickets/{ticket}/activity")

    # The person leaves: the door closes at once.
    assert (
        await stage.admin.post(f"/contacts/{contact}/portal-access", {"enabled": False})
    ).status_code == 200
    assert (await client.get("/tickets")).status_code == 401
