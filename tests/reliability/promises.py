"""Whether an installation kept its promises, judged by its tables after everything has healed."""

import asyncio
import time
from collections import Counter

from .installation import PATIENCE, Installation
from .ledger import Promise

_OPEN = """
SELECT o.kind, o.name, o.dispatched_at IS NOT NULL AS routed, d.handler, d.state, d.attempts, d.last_error
FROM psa.outbox o LEFT JOIN psa.delivery d ON d.tenant_id = o.tenant_id AND d.event_id = o.id
WHERE o.done_at IS NULL OR d.state <> 'done' LIMIT 20
"""


async def drained(installation: Installation) -> None:
    """Wait until every outbox row is handled; a dead delivery is a failure at once, as is none in a long time."""
    left, deadline = -1, time.monotonic() + PATIENCE
    while rows := await installation.query(_OPEN):
        assert not [dict(row) for row in rows if row["state"] == "dead"]
        (row,) = await installation.query("SELECT count(*) AS n FROM psa.outbox WHERE done_at IS NULL")
        if row["n"] != left:
            left, deadline = row["n"], time.monotonic() + PATIENCE
        assert time.monotonic() < deadline, [dict(row) for row in rows]
        await asyncio.sleep(0.1)


async def kept(installation: Installation, promises: list[Promise]) -> None:
    """Check that every promised write is there exactly once, with its audit entry, its event and the effect."""
    tickets = [promise for promise in promises if promise.kind == "POST tickets"]
    notes = [promise for promise in promises if promise.kind == "POST comments"]
    edits = [promise for promise in promises if promise.kind == "PATCH tickets"]
    assert len({promise.mark for promise in tickets}) == len(tickets)
    await _stored(installation, tickets, notes, edits)
    await _audited(installation, tickets, notes, edits)
    await _announced(installation, tickets, notes, edits)
    await _told(installation, tickets, notes)


async def _stored(installation, tickets, notes, edits) -> None:
    rows = await installation.query("SELECT id::text, number, title, external_number FROM ticketing.ticket")
    assert_same({(row["id"], row["title"]) for row in rows}, tickets, len(rows))
    assert len({row["number"] for row in rows}) == len(rows), "a number was given twice"
    assert {(row["id"], row["external_number"]) for row in rows if row["external_number"]} >= {
        (promise.id, promise.mark) for promise in edits
    }, "an edit was lost"
    rows = await installation.query("SELECT id::text, content FROM comments.comment")
    assert_same({(row["id"], row["content"]) for row in rows}, notes, len(rows))


def assert_same(stored: set[tuple[str, str]], promised: list[Promise], count: int) -> None:
    """Every client repeated until it was acknowledged, so that nothing else may be there either."""
    wanted = {(promise.id, promise.mark) for promise in promised}
    assert not wanted - stored, "lost"
    assert not stored - wanted, "doubled"
    assert count == len(stored), "doubled"


async def _audited(installation, tickets, notes, edits) -> None:
    rows = await installation.query(
        "SELECT resource, record_id::text, action, new->>'external_number' AS mark FROM psa.audit_entry"
        " WHERE resource IN ('tickets', 'comments')"
    )
    created = Counter((row["resource"], row["record_id"]) for row in rows if row["action"] == "created")
    assert created == Counter(
        [("tickets", promise.id) for promise in tickets] + [("comments", promise.id) for promise in notes]
    )
    edited = Counter((row["record_id"], row["mark"]) for row in rows if row["mark"])
    assert edited == Counter((promise.id, promise.mark) for promise in edits)


async def _announced(installation, tickets, notes, edits) -> None:
    """Each write has its record event, each event was handled once by each of its handlers."""
    rows = await installation.query(
        "SELECT name, subject_id::text, payload->'changed' ? 'external_number' AS edit FROM psa.outbox WHERE kind = 'record'"
    )
    created = Counter((row["name"], row["subject_id"]) for row in rows if row["name"].endswith(".created"))
    for name, promises in (("tickets.created", tickets), ("comments.created", notes)):
        assert {record: n for (kind, record), n in created.items() if kind == name} == {
            promise.id: 1 for promise in promises
        }
    updated = Counter(row["subject_id"] for row in rows if row["name"] == "tickets.updated" and row["edit"])
    assert updated == Counter(promise.id for promise in edits)
    handled = await installation.query(
        "SELECT o.subject_id::text AS id, d.state FROM psa.delivery d"
        " JOIN psa.outbox o ON o.tenant_id = d.tenant_id AND o.id = d.event_id WHERE o.name = 'comments.created'"
    )
    assert Counter((row["id"], row["state"]) for row in handled) == Counter(
        (promise.id, "done") for promise in notes
    )


async def _told(installation, tickets, notes) -> None:
    """The effects: ticketing's subscriber announces each note, each ticket was announced when it was opened."""
    for name, key, promises in (
        ("ticketing.ticket_replied", "comment_id", notes),
        ("ticketing.ticket_opened", "ticket_id", tickets),
    ):
        rows = await installation.query(
            f"SELECT payload->>'{key}' AS id FROM psa.outbox WHERE name = $1", name
        )
        assert Counter(row["id"] for row in rows) == Counter(promise.id for promise in promises)


async def connections_idle(installation: Installation, at_most: int) -> None:
    """The application's connections wait for work, in no transaction, and are no more than the pools'."""
    async with asyncio.timeout(PATIENCE):
        while busy := await installation.query(
            "SELECT pid, state, query FROM pg_stat_activity WHERE usename = 'psa_app'"
            " AND application_name = 'psa' AND state <> 'idle'"
        ):
            assert not [row["query"] for row in busy if row["state"] == "idle in transaction (aborted)"]
            await asyncio.sleep(0.05)
    (row,) = await installation.query(
        "SELECT count(*) AS n FROM pg_stat_activity WHERE application_name = 'psa'"
    )
    assert row["n"] <= at_most
