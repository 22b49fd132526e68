"""Every page and route of the portal, asked by a client about another one and about what staff say among themselves.

The walk follows what is registered: a plugin that puts a page into the portal is walked from then on.
"""

import asyncio
import re
from collections.abc import AsyncGenerator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from psa_kernel.jsonapi import scopes
from psa_sdk.tables import new_id
from psa_sdk.testing import Client, Kit
from psa_sdk.testing.battery.house import report, seen
from psa_sdk.testing.installation import Endpoint
from psa_sdk.web import LiveSource

from .installed import SERVICE_DESK, modules

CANARY = "Quetzalcanary"
"""A word in everything of the other company, and in everything internal of one's own."""
NOTHING = "Xylophonenone"
"""A word that no record has, as long as the canary."""
PREFIXES = ("/portal", "/api/v1/portal")
_PARAMETER = re.compile(r"\{(\w+):(\w+)\}")
_CHANGING = re.compile(
    r'name="psa-csrf" content="[^"]*"|<input type="hidden" name="csrf"[^>]*>|data-place="\d+"|<time [^>]*>[^<]*</time>|page(?:\[|%5B)after[^"&]*|"id":"[0-9a-f]{32}"'
)


class Neighbours:
    """Two client companies of one provider: `own` asks, `other` must not exist for it."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit
        self.ids: dict[str, UUID] = {}
        self.internal: dict[str, UUID] = {}

    async def furnish(self) -> "Neighbours":
        self.own, self.clients = await self._house("Own")
        other, _ = await self._house(CANARY)
        self.ids = await self._records(other, CANARY, CANARY)
        self.number = (await self._ticket(self.ids["ticket"]))["ticket_number"]
        shown = await self._records(self.own, "Visible", CANARY)
        self.internal = {name: id for name, id in shown.items() if name.startswith("internal")}
        self.mine = {name: id for name, id in shown.items() if name not in self.internal}
        return self

    async def _house(self, name: str) -> tuple[tuple[UUID, UUID], dict[str, Client]]:
        company = (await self.kit.make("companies", name=f"{name} Ltd {new_id().hex[-6:]}")).id
        admin = (await self.kit.make("contacts", company=company, first_name=name)).id
        user = (await self.kit.make("contacts", company=company, first_name=name)).id
        await self.kit.make("sites", company=company, name=f"{name} site")
        clients = {
            "client admin": await self.kit.portal(company, contact_id=admin, admin=True),
            "client user": await self.kit.portal(company, contact_id=user),
        }
        return (company, user), clients

    async def _records(self, house: tuple[UUID, UUID], public: str, internal: str) -> dict[str, UUID]:
        company, contact = house
        staff = await self.kit.admin()
        answer = await staff.post(
            "/tickets",
            {"title": f"{public} printer", "description": f"{public} description"},
            {"company": company, "contact": contact},
        )
        ticket = UUID(answer.json()["data"]["id"])
        found = {"company": company, "contact": contact, "ticket": ticket}
        for name, text, kind in (("note", public, "public"), ("internal note", internal, "internal")):
            words = {"content": f"{text} words", "note_type": kind}
            answer = await staff.post("/comments", words, {"subject": ("tickets", ticket)})
            found[name] = UUID(answer.json()["data"]["id"])
        async with self.kit.unit() as ctx:
            for name, text, hidden in (("file", public, False), ("internal file", internal, True)):
                saved = await ctx.files.save(
                    text.encode(), name=f"{text}.txt", subject=("tickets", ticket), internal=hidden
                )
                found[name] = saved.id
            await ctx.files.save(
                b"x", name=f"{internal}-note.txt", subject=("comments", found["internal note"])
            )
        resources = self.kit.installation.resources
        for name, make in (
            ("contracts", self._contracts),
            ("invoices", self._invoices),
            ("appointments", self._appointments),
        ):
            if name in resources:
                found |= await make(company, public, internal)
        await self.kit.drain()  # files are scanned
        return found

    async def _contracts(self, company: UUID, public: str, internal: str) -> dict[str, UUID]:
        """A contract in force, whose notes are internal, and one that isn't offered yet."""
        values = {"contract_type": "managed_services", "start_date": str(self.kit.now.date())}
        agreed = {"name": f"{public} contract", "notes": f"{internal} thoughts", **values}
        contract = await self._made("contracts", agreed, company=company)
        await self._made("contract-items", {"name": f"{public} item"}, contract=contract)
        await self._done(f"/contracts/{contract}/activate")
        drafted = await self._made("contracts", {"name": f"{internal} draft", **values}, company=company)
        return {"contract": contract, "internal contract": drafted}

    async def _invoices(self, company: UUID, public: str, internal: str) -> dict[str, UUID]:
        """A finalised invoice and a draft."""
        found: dict[str, UUID] = {}
        for name, word in (("invoice", public), ("internal invoice", internal)):
            found[name] = await self._made("invoices", {}, company=company)
            line = {"description": f"{word} work", "quantity": "1", "unit_price": "100.00"}
            await self._made("invoice-lines", line, f"/invoices/{found[name]}/lines")
        await self._done(f"/invoices/{found['invoice']}/finalise")
        return found

    async def _appointments(self, company: UUID, public: str, internal: str) -> dict[str, UUID]:
        """A visit that clients see, and a meeting about them."""
        found: dict[str, UUID] = {}
        for hour, name, word in ((9, "appointment", public), (11, "internal appointment", internal)):
            start = (self.kit.now + timedelta(days=1)).replace(hour=hour)
            values = {"title": f"{word} visit", "is_client_visible": name == "appointment"}
            times = {"start_time": start.isoformat(), "end_time": (start + timedelta(hours=1)).isoformat()}
            found[name] = await self._made("appointments", values | times, company=company)
        return found

    async def _made(self, resource: str, values: dict[str, Any], path: str = "", **to: UUID) -> UUID:
        answer = await (await self.kit.admin()).post(path or f"/{resource}", values, to, type=resource)
        assert answer.status_code == 201, answer.text
        return UUID(answer.json()["data"]["id"])

    async def _done(self, path: str) -> None:
        answer = await (await self.kit.admin()).post(path)
        assert answer.is_success, answer.text

    async def _ticket(self, id: UUID) -> dict[str, Any]:
        return (await (await self.kit.admin()).get(f"/tickets/{id}")).json()["data"]["attributes"]

    @property
    def endpoints(self) -> list[Endpoint]:
        """Everything of the portal but the log-in's own routes and the stream, which has a test of its own."""
        return [
            one
            for one in self.kit.installation.endpoints
            if one.path.startswith(PREFIXES) and not one.public and "auth" not in one.path
            if one.path not in {"/portal/events", "/portal/logout"}
        ]


async def ask(client: Client, endpoint: Endpoint, id: object, **query: str) -> Any:
    """Ask an endpoint with an id wherever it has a parameter."""
    path = _PARAMETER.sub(str(id), endpoint.path)
    url = path if path.startswith("/api") else f"http://localhost{path}"
    if endpoint.method == "GET":
        return await client.get(url, headers={"Accept": "*/*"}, params=query)
    if path.startswith("/api"):
        body = b'{"data":{"type":"x","attributes":{"content":"x","title":"x"}}}'
        multipart = "multipart/form-data" in endpoint.body_types
        form = b'--b\r\nContent-Disposition: form-data; name="files"; filename="a.txt"\r\n\r\nx\r\n--b--\r\n'
        kind = {"Content-Type": "multipart/form-data; boundary=b"} if multipart else {}
        return await client.request(endpoint.method, url, content=form if multipart else body, headers=kind)
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Psa-Action": "1"}
    content = b"content=x&title=x&role=client_user"
    return await client.request("POST", url, content=content, headers=headers)


def told(answer: Any, asked: object) -> tuple[int, str]:
    """Return what an answer tells, what changes by itself left out."""
    status, text = seen(answer, asked or new_id())  # pyright: ignore[reportArgumentType]
    return status, _CHANGING.sub("", text)


async def walk(found: Neighbours, client: Client, endpoints: list[Endpoint]) -> tuple[list[str], int]:
    """Ask everything about the other company and what is internal; return the faults and how much was asked."""
    faults, asked = list[str](), 0
    foreign = {**found.ids, **found.internal}
    for endpoint in endpoints:
        questions: list[tuple[object, dict[str, str], object, dict[str, str]]] = []
        unknown = new_id()
        known: dict[str, Any] = {}
        """What is answered about nothing, asked once."""
        if "{" in endpoint.path:
            questions += [(id, {}, unknown, {}) for id in foreign.values()]
        elif endpoint.method == "GET":
            names = ("q", "mine", "state", "after", "subject", "tab")
            questions += [("", {name: CANARY}, "", {name: NOTHING}) for name in names]
            questions += [
                ("", {"q": found.number, "state": "all"}, "", {"q": "T999999", "state": "all"}),
                ("", {"state": "all"}, "", {"state": "all"}),
            ]
        for theirs, query, nobodys, other in questions:
            asked += 1
            if str(other) not in known:
                known[str(other)] = await ask(client, endpoint, nobodys, **other)
            answers = [await ask(client, endpoint, theirs, **query), known[str(other)]]
            texts = [
                (status, text.replace(next(iter(given.values()), "") or "\0", "{word}"))
                for (status, text), given in zip(
                    (told(answers[0], theirs), told(answers[1], nobodys)), (query, other), strict=True
                )
            ]
            place = f"{endpoint.method} {endpoint.path} {theirs} {query}"
            shown = answers[0].text.replace(query.get("q", "\0"), "")
            held = CANARY in (shown if query else answers[0].text) and CANARY not in query.values()
            if held or answers[0].status_code >= 500:
                faults.append(f"{place} shows what it must not: {answers[0].status_code} {shown[:200]}")
            elif texts[0] != texts[1]:
                faults.append(f"{place} tells it from nothing: {texts[0]} against {texts[1]}"[:2000])
    return faults, asked


@pytest_asyncio.fixture(scope="module", loop_scope="session", params=["multi", "single"])
async def neighbours(psa_bench, request) -> AsyncGenerator[Neighbours]:
    plugins = None if request.param == "multi" else SERVICE_DESK
    async with Kit.alone(psa_bench, request.param, modules=modules(), plugins=plugins) as kit:
        yield await Neighbours(kit).furnish()


@pytest.mark.parametrize("role", ["client admin", "client user"])
async def test_no_page_of_the_portal_tells_of_another_company_or_what_is_internal(neighbours, role):
    """PRT-01, PRT-02, TIC-64: pages, lists, searches, counts, attachments, actions."""
    faults, asked = await walk(neighbours, neighbours.clients[role], neighbours.endpoints)
    report(faults)
    assert asked > 150
    before = {name: neighbours.ids[name] for name in ("ticket",)}
    async with neighbours.kit.unit() as ctx:
        row = await ctx.records.get("tickets", before["ticket"])
        assert row["title"].startswith(CANARY)
        assert row["closed_at"] is None


@pytest.mark.parametrize("role", ["client admin", "client user"])
async def test_ones_own_is_there(neighbours, role):
    """The walk would be green in an empty portal too."""
    client = neighbours.clients[role]
    page = (await client.get(f"http://localhost/portal/tickets/{neighbours.mine['ticket']}")).text
    assert "Visible words" in page
    assert "Visible.txt" in page
    assert CANARY not in page
    file = await client.get(f"http://localhost/portal/attachments/{neighbours.mine['file']}")
    assert file.content == b"Visible"
    if role == "client user" or "contract" not in neighbours.mine:
        return
    for path, words in (
        ("/contracts", "Visible contract"),
        (f"/contracts/{neighbours.mine['contract']}", "Visible item"),
        (f"/invoices/{neighbours.mine['invoice']}", "Visible work"),
        ("/appointments", "Visible visit"),
    ):
        text = (await client.get(f"http://localhost/portal{path}")).text
        assert words in text, path
        assert CANARY not in text


def test_every_page_that_plugins_put_into_the_portal_is_walked(neighbours):
    """What is registered is what is asked: the page of the plugin that uses every extension point too."""
    walked = {one.path for one in neighbours.endpoints}
    declared = {
        f"/portal{page.path}".rstrip("/")
        for manifest in neighbours.kit.installation.manifests.values()
        for page in (*manifest.ui.pages, *manifest.ui.actions)
        if page.shell == "portal" and page.permission != "public"
    }
    assert declared <= walked
    assert "/portal/gadgets" in walked
    if "invoice" in neighbours.mine:
        assert {"/portal/invoices", "/portal/contracts", "/portal/appointments"} <= walked


async def test_what_another_plugin_puts_into_the_portal_is_there(neighbours):
    """Page, navigation entry, tile and banner of the plugin that uses every extension point."""
    client = neighbours.clients["client admin"]
    async with neighbours.kit.unit() as ctx:
        company = neighbours.own[0]
        await ctx.records.create("dummy-gadgets", {"name": "Loaned laptop", "company": company})
    home = (await client.get("http://localhost/portal/")).text
    assert 'href="/portal/gadgets"' in home
    assert "Your gadgets" in home
    assert home.count("<b>1</b>") == 2
    assert "Loaned laptop" in (await client.get("http://localhost/portal/gadgets")).text


async def test_the_event_stream_tells_of_ones_own_only(neighbours):
    """What `/portal/events` listens to: neither another company's records nor internal notes."""
    kit, client, staff = neighbours.kit, neighbours.clients["client admin"], await neighbours.kit.admin()
    heard: list[tuple[str, UUID | None]] = []
    ready, last = asyncio.Event(), asyncio.Event()

    async def listen() -> None:
        async with kit.unit(client) as ctx:
            source = ctx.service(LiveSource)
            since = source.place()
            ready.set()
            async for _, change in source.changes(since):
                if change is not None:
                    heard.append((change.topic, change.id))
                    if change.topic == "companies":
                        last.set()

    listening = asyncio.create_task(listen())
    await ready.wait()
    other, mine = neighbours.ids["ticket"], neighbours.mine["ticket"]
    hidden = {*neighbours.ids.values(), *neighbours.internal.values()}
    for ticket, kind in ((other, "public"), (other, "internal"), (mine, "internal"), (mine, "public")):
        answer = await staff.post(
            "/comments", {"content": "News", "note_type": kind}, {"subject": ("tickets", ticket)}
        )
        hidden.add(public := UUID(answer.json()["data"]["id"]))
    hidden.remove(public)
    for kind, name in (
        ("appointments", "internal appointment"),
        ("contracts", "internal contract"),
        ("invoices", "internal invoice"),
    ):
        if name not in neighbours.internal:
            continue
        for id in (neighbours.ids[name.split()[1]], neighbours.internal[name]):
            answer = await staff.patch(f"/{kind}/{id}", {"notes": "News"})
            assert answer.is_success or (kind == "invoices" and answer.status_code == 409), answer.text
    company = neighbours.own[0]  # what is told last
    for id in (neighbours.ids["company"], company):
        assert (await staff.patch(f"/companies/{id}", {"industry": "Bakery"})).status_code == 200
    await asyncio.wait(
        [listening, asyncio.ensure_future(last.wait())], timeout=20, return_when="FIRST_COMPLETED"
    )
    assert not listening.done(), listening.exception()
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    assert ("companies", company) in heard
    assert ("tickets", mine) in heard
    assert {id for _, id in heard}.isdisjoint(hidden)


async def test_the_walk_goes_red_without_portal_scopes(new_kit, monkeypatch):
    """The negative control: with the scope and the database's own policy for clients gone, it sees the other company."""
    kit = await new_kit("multi", modules=modules(), plugins=SERVICE_DESK, shared=False)
    found, installed = await Neighbours(kit).furnish(), kit.installation
    guarded = scopes._visible

    def everything(unit, name, verbs, within):
        portal = unit.principal.audience == "portal"
        return scopes.EVERYTHING if portal else guarded(unit, name, verbs, within)

    monkeypatch.setattr(scopes, "_visible", everything)
    for row in await installed.rows("SELECT * FROM pg_policies WHERE policyname = 'company'"):
        await installed.rows(f'DROP POLICY company ON "{row["schemaname"]}"."{row["tablename"]}"')
    places = (
        "GET /portal",
        "GET /portal/tickets",
        "GET /portal/tickets/{id:uuid}",
        "GET /portal/attachments/{id:uuid}",
        "GET /portal/search",
        "POST /portal/tickets/{id:uuid}/reply",
        "GET /api/v1/portal/tickets",
        "GET /api/v1/portal/tickets/{id:uuid}/attachments",
    )
    bare = [one for one in found.endpoints if f"{one.method} {one.path}" in places]
    faults, _ = await walk(found, found.clients["client admin"], bare)
    for place in places:
        assert any(fault.startswith(f"{place} ") for fault in faults), place
