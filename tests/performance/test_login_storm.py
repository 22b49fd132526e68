"""200 log-ins at once: memory stays bounded and others hardly notice (S1); hashing is one at a time, in a short queue."""

import asyncio
import statistics
import sys
import time
from pathlib import Path

import httpx
import pytest

from .stage import Stage

pytestmark = [pytest.mark.performance, pytest.mark.timeout(600)]
STORM = 200
SAMPLES = 150
PASSWORD = "correct-horse-battery-staple"


def resident(pid: int) -> int:
    """Return a process's resident memory in MiB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * 4096 >> 20


async def test_two_hundred_log_ins_at_once_stall_nobody(stage: Stage) -> None:
    house = await stage.house("storm", "multi", 1, 200)
    member = house.members[0]
    async with house.product() as server:
        limits = httpx.Limits(max_connections=STORM + 10)
        base = f"http://{server.address[0]}:{server.address[1]}/api/v1"
        async with (
            httpx.AsyncClient(base_url=base, limits=limits, timeout=120) as stormers,
            httpx.AsyncClient(base_url=base, timeout=60) as other,
        ):
            slug = (await other.get("/auth/me", headers={"Authorization": f"Bearer {member.key}"})).json()
            assert slug["data"]["attributes"]["email"] == "technician@example.com"

            async def percentile(until: asyncio.Event | None) -> float:
                took: list[float] = []
                while len(took) < SAMPLES and not (until and until.is_set()):
                    began = time.perf_counter()
                    answer = await other.get(
                        "/tickets?page[size]=20", headers={"Authorization": f"Bearer {member.key}"}
                    )
                    took.append(time.perf_counter() - began)
                    assert answer.status_code == 200, answer.text
                assert len(took) > 20
                return statistics.quantiles(took, n=20)[-1]

            async def log_in() -> int:
                attributes = {"email": "technician@example.com", "password": PASSWORD}
                answer = await stormers.post(
                    "/auth/login",
                    json={"data": {"attributes": attributes}},
                    headers={"X-Tenant": "tenant-000", "Content-Type": "application/vnd.api+json"},
                )
                return answer.status_code

            await percentile(None)
            quiet, before = await percentile(None), resident(server.pid)
            over = asyncio.Event()

            async def storm() -> list[int]:
                answers = [
                    code for _ in range(3) for code in await asyncio.gather(*(log_in() for _ in range(STORM)))
                ]
                over.set()
                return answers

            answers, stormy = await asyncio.gather(storm(), percentile(over))
            after = resident(server.pid)
    counted = {code: answers.count(code) for code in sorted(set(answers))}
    sys.stdout.write(
        f"quiet p95 {quiet * 1000:.1f} ms, in the storm {stormy * 1000:.1f} ms, {before} -> {after} MiB, {counted}"
    )
    assert set(answers) <= {201, 503}
    assert answers.count(201) >= 64
    assert after - before < 100
    assert stormy <= 3 * quiet
