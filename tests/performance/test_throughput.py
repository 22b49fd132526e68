"""Throughput beside hand-written handlers and beside itself; `docs/operating/performance.md` tells how to read it."""

import datetime
import random
import re
import statistics
import sys
from collections.abc import Callable, Sequence
from typing import Any

import httpx
import msgspec
import pytest

from .load import Comparison, Contestant, Meter, Next, request
from .stage import PAGE, House, Member, Server, Stage

pytestmark = [pytest.mark.performance, pytest.mark.timeout(900)]
INCLUDES = "&include=company,contact"
Say = Callable[[object], None]


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest) -> Say:
    """Print figures past pytest's capture: they are what one measures for."""

    def printed(figures: object) -> None:
        with capsys.disabled():
            sys.stdout.write(f"\n{request.node.name}\n{figures}\n")

    return printed


def credentials(member: Member, *, bare: bool = False) -> dict[str, str]:
    """Return what tells a server who asks."""
    return {"X-Tenant": str(member.tenant_id)} if bare else {"Authorization": f"Bearer {member.key}"}


def reads(members: Sequence[Member], path: str, *, bare: bool = False) -> Next:
    """Ask for a path as any of the tenants."""
    made = [request("GET", path, credentials(member, bare=bare)) for member in members]
    dice = random.Random("load")
    return lambda: dice.choice(made)


def product(server: Server, next: Next, name: str = "product", **more: Any) -> Contestant:
    return Contestant(name, server.address, server.pid, next, **more)


@pytest.mark.parametrize(("include", "bar"), [("", 0.9), (INCLUDES, 0.75)])
async def test_a_list_is_about_as_fast_as_a_hand_written_one(
    house: House, meter: Meter, say: Say, include: str, bar: float
) -> None:
    path = PAGE + include
    async with house.product() as ours, house.bare() as bare:
        first = house.members[0]
        theirs = await document(bare, credentials(first, bare=True), path)
        same = await document(ours, credentials(first), path) == theirs
        assert same, "The documents differ, so there is nothing to compare."
        found = await Comparison.of(
            product(ours, reads(house.members, path)),
            product(bare, reads(house.members, path, bare=True), "hand-written, no isolation"),
            meter,
        )
    say(found)
    assert found.throughput >= bar


async def test_a_create_is_half_as_fast_as_a_bare_insert(house: House, meter: Meter, say: Say) -> None:
    """With its number, audit entry, events and checks, answered by the whole new record."""
    async with house.product() as ours, house.bare() as bare:
        tickets, inserts = [
            [await new_ticket(ours, member, bare=other) for member in house.members[:20]]
            for other in (False, True)
        ]
        same = await stored(ours, *tickets[0]) == await stored(bare, *inserts[0])
        assert same, "The rows differ, so there is nothing to compare."
        found = await Comparison.of(
            product(ours, creates(tickets), status=201),
            product(bare, creates(inserts), "bare insert", status=201),
            meter,
        )
    say(found)
    assert found.throughput >= 0.5


async def test_a_page_deep_in_a_million_tickets_takes_as_long_as_in_ten_thousand(
    stage: Stage, size: tuple[int, int], meter: Meter, say: Say
) -> None:
    """First, middle and last page; one request at a time."""
    few, many = 10_000, max(100_000, size[0] * size[1])
    small = await stage.house("small", "multi", 1, few)
    large = await stage.house("large", "multi", 1, many)
    async with small.product() as little, large.product() as much:
        for depth in (0.0, 0.5, 0.99):
            contestants = [
                product(
                    server,
                    reads(one.members, await one.page_at(depth)),
                    f"{tickets:,} at {depth:.0%}",
                    connections=1,
                )
                for one, server, tickets in ((large, much, many), (small, little, few))
            ]
            found = await Comparison.of(contestants[0], contestants[1], meter, rounds=7, seconds=1.0)
            say(f"{found}\n{'':>34}latency {found.slowness:.2f}")
            assert found.slowness < 1.5


async def test_isolation_costs_little(
    stage: Stage, size: tuple[int, int], house: House, meter: Meter, say: Say
) -> None:
    """One of many tenants beside the only one of an installation, with as many tickets."""
    alone = await stage.house("alone", "single", 1, size[1])
    async with house.product() as many, alone.product() as single:
        found = await Comparison.of(
            product(many, reads(house.members[:1], PAGE), "multi-tenant"),
            product(single, reads(alone.members, PAGE), "single-tenant"),
            meter,
        )
    say(found)
    assert found.throughput >= 0.75


async def test_work_sent_is_done_soon(house: House, say: Say) -> None:
    """From the commit that sends it to its end, on an idle worker."""
    async with house.product() as ours:
        with house.worker():
            await noted(ours, house.members[0], 50)
            waits = await house.waits(50)
    middle = statistics.median(waits)
    say(f"{len(waits)} deliveries, median {middle * 1000:.0f} ms, longest {max(waits) * 1000:.0f} ms")
    assert middle < 1.0


async def document(server: Server, headers: dict[str, str], path: str) -> Any:
    """Return a document, times parsed; without its links, where cursors differ."""
    async with httpx.AsyncClient(base_url=server.url) as client:
        found = (await client.get(path, headers=headers)).raise_for_status().json()
    del found["links"]
    return parsed(found)


def parsed(value: Any) -> Any:
    """Replace texts that are times, which Z and +00:00 end alike."""
    if isinstance(value, dict):
        return {name: parsed(one) for name, one in value.items()}
    if isinstance(value, list):
        return [parsed(one) for one in value]
    is_time = isinstance(value, str) and re.match(r"\d{4}-\d\d-\d\dT\d\d:", value)
    return datetime.datetime.fromisoformat(value) if is_time else value


async def new_ticket(server: Server, member: Member, *, bare: bool = False) -> tuple[dict[str, str], bytes]:
    """Return the headers and the body of a request for a ticket of a client's."""
    newest = await document(server, credentials(member), "/api/v1/tickets?page[size]=1")
    relations = newest["data"][0]["relationships"]
    data = {
        "type": "tickets",
        "attributes": {"title": "No dial tone", "description": "Since **this morning**."},
        "relationships": {name: {"data": relations[name]["data"]} for name in ("company", "contact")},
    }
    account = {"X-Account": relations["created_by"]["data"]["id"]} if bare else {}
    return credentials(member, bare=bare) | account, msgspec.json.encode({"data": data})


async def stored(server: Server, headers: dict[str, str], body: bytes) -> Any:
    """Create a ticket and return what it holds, its own number and times left out."""
    headers = {**headers, "Content-Type": "application/vnd.api+json"}
    async with httpx.AsyncClient(base_url=server.url, headers=headers) as client:
        made = (await client.post("/api/v1/tickets", content=body)).raise_for_status().json()["data"]
    own = {"ticket_number", "created_at", "updated_at", "last_customer_activity_at"}
    related = {name: relation.get("data") for name, relation in made["relationships"].items()}
    return {name: value for name, value in made["attributes"].items() if name not in own} | related


def creates(tickets: Sequence[tuple[dict[str, str], bytes]]) -> Next:
    """Create tickets for a client of any of some tenants."""
    made = [request("POST", "/api/v1/tickets", headers, body) for headers, body in tickets]
    dice = random.Random("load")
    return lambda: dice.choice(made)


async def noted(server: Server, member: Member, number: int) -> None:
    """Write notes one after the other; ticketing reacts to each in the background."""
    async with httpx.AsyncClient(base_url=server.url, headers=credentials(member)) as client:
        newest = await document(server, credentials(member), "/api/v1/tickets?page[size]=1")
        data = {"type": "comments", "attributes": {"content": "Called back.", "note_type": "public"}}
        for _ in range(number):
            answer = await client.post(
                f"/api/v1/tickets/{newest['data'][0]['id']}/notes",
                content=msgspec.json.encode({"data": data}),
                headers={"Content-Type": "application/vnd.api+json"},
            )
            assert answer.status_code == 201, answer.text
