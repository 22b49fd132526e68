"""The pages of tickets over HTTP: how much they ask the database, and what their forms refuse."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import httpx
import pytest
import pytest_asyncio

from psa_sdk.testing import Client, Kit
from psa_ticketing.screens.board import SHOWN

from .desk import Desk

PLUGINS = ("comments", "contacts", "ticketing", "web", "console")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def desk(psa_bench) -> Desk:
    """A desk without neighbours: their panels ask the database too."""
    return await Desk.open(await Kit.open(await psa_bench.install("multi", plugins=PLUGINS)))


async def read(client: Client, path: str, **headers: str) -> httpx.Response:
    """Ask for a page as a browser does."""
    return await client.get(f"http://localhost{path}", headers={"Accept": "text/html", **headers})


async def send(client: Client, path: str, *pairs: tuple[str, Any], **form: Any) -> httpx.Response:
    """Send a form as the pages' script does."""
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Psa-Action": "1"}
    body = urlencode([*pairs, *form.items()]).encode()
    return await client.request("POST", f"http://localhost{path}", content=body, headers=headers)


def fields(answer: httpx.Response) -> dict[str, str]:
    """Return the faults by the field that they are at."""
    return {fault["field"]: fault["detail"] for fault in answer.json()["faults"]}


async def statements(desk, path: str) -> list[str]:
    """Return what a page asks the database while what is remembered for seconds is remembered: the least of three."""
    tries: list[list[str]] = []
    for _ in range(3):
        async with desk.kit.statements() as asked:
            answer = await read(desk.admin, path)
        assert answer.status_code == 200, answer.text
        tries.append(asked)
    return min(tries, key=len)


async def test_a_tickets_page_asks_no_more_when_more_was_said(desk):
    ticket = await desk.ticket(contact=await desk.contact())
    await desk.noted(ticket, "First")
    await desk.move(ticket, "open")
    few = await statements(desk, f"/ui/tickets/{ticket}")
    for number in range(12):
        await desk.noted(ticket, f"Note {number}")
        await desk.admin.patch(f"/tickets/{ticket}", {"title": f"Title {number}"})
        child = await desk.ticket()
        await desk.admin.patch(f"/tickets/{child}", relationships={"parent": ticket})
    many = await statements(desk, f"/ui/tickets/{ticket}")
    # Related tickets are looked up once there are any.
    assert len(many) <= len(few) + 1, set(many) - set(few)
    assert len(many) <= 40, many


async def test_board_and_list_ask_no_more_when_there_are_more_tickets(desk):
    paths = ("/ui/tickets/board", "/ui/tickets/board?by=assigned_to", "/ui/tickets")
    # What a full column leaves out is counted, so it is full before already.
    contact = await desk.contact()
    for _ in range(SHOWN + 1):
        await desk.ticket(contact=contact)
    before = [len(await statements(desk, path)) for path in paths]
    for _ in range(10):
        await desk.ticket(contact=await desk.contact())
    assert [len(await statements(desk, path)) for path in paths] == before
    assert max(before) <= 40


async def test_what_changed_since_it_was_seen_is_refused_and_the_rest_can_be_set(desk):
    ticket = await desk.ticket()
    shown = await desk.shown(ticket)
    await desk.move(ticket, "scheduled")
    waiting = await desk.status("waiting_customer")
    crossed = await send(
        desk.staff, f"/ui/tickets/{ticket}/set", ("was.status", shown["status"]), status=waiting
    )
    assert crossed.status_code == 412
    assert "changed by somebody else" in crossed.json()["detail"]
    other = await desk.listed("ticket-priorities", "High")
    kept = await send(
        desk.staff, f"/ui/tickets/{ticket}/set", ("was.priority", shown["priority"]), priority=other
    )
    assert kept.status_code == 200
    assert (await desk.shown(ticket))["meaning"] == "scheduled"
    assert (await desk.shown(ticket))["priority"] == str(other)


async def test_another_company_takes_the_formers_people_away(desk):
    contact = await desk.contact(await desk.company())
    ticket = await desk.ticket(contact=contact)
    answer = await send(desk.staff, f"/ui/tickets/{ticket}/set", company=await desk.company())
    assert answer.status_code == 200, answer.text
    assert (await desk.shown(ticket))["contact"] is None


async def test_faults_of_properties_are_told_at_their_fields(desk):
    ticket = await desk.ticket()
    path = f"/ui/tickets/{ticket}/set"
    assert set(fields(await send(desk.staff, path, estimated_hours="two"))) == {"estimated_hours"}
    assert set(fields(await send(desk.staff, path, title=""))) == {"title"}
    assert set(fields(await send(desk.staff, path, parent=ticket))) == {"parent"}
    ends = await send(desk.staff, path, scheduled_end="2026-05-01T10:00", scheduled_start="")
    assert ends.status_code == 422


async def test_a_schedule_is_entered_in_the_persons_own_zone(desk):
    ticket = await desk.ticket()
    form = {"scheduled_start": "2026-07-01T09:00", "scheduled_end": "2026-07-01T10:30"}
    assert (await send(desk.staff, f"/ui/tickets/{ticket}/set", **form)).status_code == 200
    page = (await read(desk.staff, f"/ui/tickets/{ticket}")).text
    assert 'value="2026-07-01T09:00"' in page


async def test_a_resolution_resolves_and_an_empty_note_is_refused(desk):
    ticket = await desk.ticket()
    path = f"/ui/tickets/{ticket}/reply"
    assert set(fields(await send(desk.staff, path, kind="public", content=" "))) == {"content"}
    assert (await send(desk.staff, path, kind="loud", content="Hi")).status_code == 422
    answer = await send(desk.staff, path, kind="resolution", content="Turned it **on**.")
    assert answer.json()["toast"] == "Resolution sent"
    assert (await desk.shown(ticket))["meaning"] == "resolved"
    assert (await desk.notes(ticket))[-1]["note_type"] == "resolution"
    open_again = await desk.status("open")
    assert (await send(desk.staff, path, kind="internal", status=open_again)).status_code == 200
    assert (await desk.shown(ticket))["meaning"] == "open"


async def test_a_reply_waits_for_its_writer_to_read_what_came_in_meanwhile(desk):
    """TIC-60"""
    ticket = await desk.ticket()
    seen = (await desk.shown(ticket))["created_at"]
    desk.kit.advance(timedelta(minutes=1))
    await desk.noted(ticket, "Only for us", who=desk.admin)
    first = await send(desk.staff, f"/ui/tickets/{ticket}/reply", kind="public", content="One", seen=seen)
    assert first.status_code == 200, "an internal note crosses nobody"
    await desk.noted(ticket, "Already answered", "public", who=desk.admin)
    held = await send(desk.staff, f"/ui/tickets/{ticket}/reply", kind="public", content="Two", seen=seen)
    assert held.status_code == 409
    assert set(fields(held)) == {"newer"}
    sent = await send(
        desk.staff, f"/ui/tickets/{ticket}/reply", kind="public", content="Two", seen=seen, force="1"
    )
    assert sent.status_code == 200


async def test_a_card_that_is_elsewhere_by_now_is_not_moved(desk):
    ticket = await desk.ticket()
    was, wanted = await desk.status("new"), await desk.status("scheduled")
    await desk.move(ticket, "open")
    form = {"by": "status", "from": was, "to": wanted}
    assert (await send(desk.staff, f"/ui/tickets/{ticket}/move", **form)).status_code == 412
    form["from"] = await desk.status("open")
    assert (await send(desk.staff, f"/ui/tickets/{ticket}/move", **form)).status_code == 200
    assert (await desk.shown(ticket))["meaning"] == "scheduled"
    nowhere = {"by": "status", "from": wanted, "to": ""}
    assert (await send(desk.staff, f"/ui/tickets/{ticket}/move", **nowhere)).status_code == 400


@pytest.mark.parametrize("path", ["", "/peek", "/texts"])
async def test_who_may_not_see_a_ticket_sees_no_page_of_it(desk, path: str):
    ticket = await desk.ticket()
    clerk = await desk.kit.staff("contacts.companies.read")
    assert (await read(clerk, f"/ui/tickets/{ticket}{path}")).status_code == 403
    unknown = UUID(int=ticket.int ^ 1)
    if path != "/texts":
        assert (await read(desk.staff, f"/ui/tickets/{unknown}{path}")).status_code == 404


async def test_who_may_only_read_is_offered_nothing_to_change(desk):
    ticket = await desk.ticket()
    reader = await desk.kit.staff("ticketing.tickets.read", "comments.comments.read")
    page = (await read(reader, f"/ui/tickets/{ticket}")).text
    assert "Printer is on fire" in page
    for offered in (f"{ticket}/set", f"{ticket}/reply", f"{ticket}/merge"):
        assert offered not in page
    assert (await send(reader, f"/ui/tickets/{ticket}/set", title="Mine")).status_code == 403
