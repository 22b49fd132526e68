"""R1, R2, R7: processes are killed under load; what was acknowledged is there once, what it caused happened once."""
# ruff: noqa: T201 - what was measured is printed for docs/operating/reliability.md

import asyncio
import time

import httpx
import pytest

from . import promises
from .desk import Desk
from .installation import IMPATIENT, Installation
from .ledger import Ledger

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]

RECOVERY = 30.0
"""Seconds from a kill to the next acknowledged write: the promise is 10; a busy machine may take longer."""


async def suffer(
    installation: Installation, ledger: Ledger, victims: list[str], *, clients: int, writes: int
) -> dict[str, list[float]]:
    """Work through kills, one after every `writes` of each client; return the seconds until writes went on."""
    recoveries: dict[str, list[float]] = {}
    async with Desk(installation.url, installation.log_in(), ledger, clients) as desk:
        await desk.progress(writes)
        for victim in victims:
            killed = time.monotonic()
            installation.kill(victim)
            if victim in installation.processes:
                starting = asyncio.to_thread(installation.start, victim, prelude=IMPATIENT)
            else:
                starting = asyncio.sleep(0)  # those are started by whoever watches them
            recovered, _ = await asyncio.gather(desk.success_since(killed), starting)
            recoveries.setdefault(victim, []).append(recovered)
            await desk.progress(writes)
        troubled = desk.troubles.copy()
        # All is healed: from here on nothing fails.
        await desk.progress(writes)
        assert desk.troubles == troubled
    assert desk.forbidden == []
    assert troubled, "no client noticed a thing: that proves nothing"
    print(f"\n{ledger.kept} writes acknowledged; troubles: {dict(troubled)}")
    for victim, seconds in recoveries.items():
        print(f"{victim}: {len(seconds)} kills, longest pause {max(seconds):.1f} s")
    return recoveries


async def judge(installation: Installation, ledger: Ledger, *, pools: int) -> None:
    """Everything that was promised is there once, and the installation is as good as new."""
    await promises.drained(installation)
    await promises.kept(installation, ledger.read())
    await promises.connections_idle(installation, at_most=16 * pools)
    assert httpx.get(f"{installation.url}/health/ready", verify=False).json()["checks"].keys() >= {
        "database",
        "redis",
    }
    answer = httpx.get(f"{installation.url}/health/ready", verify=False)
    assert answer.status_code == 200, answer.text
    verified = installation.command("audit", "verify")
    assert verified.ends() == 0, verified.said
    assert "intact" in verified.said
    assert "TAMPERED" not in verified.said


async def convict(installation: Installation, ledger: Ledger) -> None:
    """The judge sees an effect that happened twice, and a record that is gone."""
    told = "SELECT tenant_id, id FROM psa.outbox WHERE name = 'ticketing.ticket_replied' LIMIT 1"
    await installation.query(
        "INSERT INTO psa.outbox SELECT (jsonb_populate_record(o, jsonb_build_object('id', psa.new_id()))).*"
        f" FROM psa.outbox o JOIN ({told}) AS t USING (tenant_id, id)"
    )
    with pytest.raises(AssertionError):
        await promises.kept(installation, ledger.read())
    await installation.query(
        "DELETE FROM comments.comment WHERE id = (SELECT id FROM comments.comment LIMIT 1)"
    )
    with pytest.raises(AssertionError, match="lost"):
        await promises.kept(installation, ledger.read())


async def test_psa_up_loses_nothing_while_its_parts_are_killed(new_installation, ledger):
    """With every plugin: whatever hears of tickets hears of these."""
    installation = new_installation("multi", plugins=None)
    installation.start("up", prelude=IMPATIENT)
    victims = ["postgresql", "valkey", "up"]
    recoveries = await suffer(installation, ledger, victims, clients=4, writes=4)
    await judge(installation, ledger, pools=1)
    assert max(max(seconds) for seconds in recoveries.values()) < RECOVERY
    await convict(installation, ledger)
    assert installation.processes["up"].stop() == 0, installation.processes["up"].said


async def test_separate_servers_and_workers_lose_nothing_while_they_are_killed(new_installation, ledger):
    installation = new_installation("single")
    installation.start("up")
    assert installation.processes.pop("up").stop() == 0
    installation.start("serve")
    installation.start("worker", prelude=IMPATIENT)
    victims = ["worker", "serve", "postgresql"]
    recoveries = await suffer(installation, ledger, victims, clients=4, writes=4)
    await judge(installation, ledger, pools=2)
    assert max(max(seconds) for seconds in recoveries.values()) < RECOVERY
    for process in installation.processes.values():
        assert process.stop() == 0, process.said


@pytest.mark.thorough
async def test_fifty_kills_lose_nothing(new_installation, ledger):
    """R1's long form: 10 rounds of every victim."""
    installation = new_installation("multi", plugins=None)
    installation.start("up")
    victims = ["postgresql", "valkey", "up", "valkey", "postgresql"] * 10
    await suffer(installation, ledger, victims, clients=16, writes=10)
    await judge(installation, ledger, pools=1)
