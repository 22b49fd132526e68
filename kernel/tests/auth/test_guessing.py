"""S4: guesses at a password over several server processes, which die, with a broker that goes away."""

import asyncio
import itertools
import os
import sys
from collections import Counter
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from psa_kernel.embedded.valkey import EmbeddedValkey
from psa_sdk.errors import RateLimited

from .conftest import PASSWORD, House

SERVER = Path(__file__).with_name("guarded.py")
NETWORKS = [f"198.51.100.{number}" for number in range(1, 51)]
AT_ONCE = 24


class Processes:
    """Server processes of one database, and somebody who guesses at all of them at once."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http
        self.running: dict[str, asyncio.subprocess.Process] = {}
        self._from = itertools.cycle(NETWORKS)

    async def start(self, **settings: str) -> str:
        environment = {**os.environ, **{f"PSA_{name.upper()}": value for name, value in settings.items()}}
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            SERVER,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=environment,
        )
        assert process.stdout is not None
        url = (await process.stdout.readline()).decode().strip()
        self.running[url] = process
        return url

    async def kill(self, url: str) -> None:
        process = self.running.pop(url)
        process.kill()
        await process.wait()

    async def log_in(self, url: str, password: str, network: str = "") -> httpx.Response:
        return await self.http.post(
            f"{url}/api/v1/auth/login",
            json={"data": {"attributes": {"email": "admin@acme.example", "password": password}}},
            headers={"X-Tenant": "acme", "X-Forwarded-For": network or next(self._from)},
        )

    async def guess(self, count: int, *, killing: str = "") -> Counter[str]:
        """Guess from all networks in turn, at each process in turn; returns how often each answer came."""
        places, urls = asyncio.Semaphore(AT_ONCE), itertools.cycle(list(self.running))
        heard: Counter[str] = Counter()

        async def one(number: int) -> None:
            async with places:
                if number == 3 and killing:
                    await self.kill(killing)
                try:
                    answer = await self.log_in(next(urls), f"wrong guess {number}")
                except httpx.TransportError:
                    heard["none"] += 1
                else:
                    heard[answer.json()["errors"][0]["code"]] += 1

        await asyncio.gather(*(one(number) for number in range(count)))
        return heard

    async def later(self, seconds: int) -> None:
        for url in self.running:
            assert (await self.http.get(f"{url}/clock?{seconds}")).status_code == 204


@asynccontextmanager
async def processes(house: House, redis_url: str):
    """Two of them, each of which believes the proxy that tells where a request comes from."""
    config = house.kernel.config
    settings = {
        "data_dir": str(config.data_dir),
        "tenancy": "multi",
        "port": "0",
        "database_url": config.database_url,
        "owner_database_url": config.owner_database_url,
        "redis_url": redis_url,
        "trusted_proxies": "127.0.0.1",
        "processes": "2",
        "pool_size": "4",
        # What bounds guesses is the lock; a limit of requests would only hide it.
        "requests_per_minute": "0",
        "tenant_requests_per_minute": "0",
        "anonymous_requests_per_minute": "0",
    }
    limits = httpx.Limits(max_connections=AT_ONCE)
    async with httpx.AsyncClient(timeout=60, limits=limits, trust_env=False) as http:
        own = Processes(http)
        try:
            await asyncio.gather(*(own.start(**settings) for _ in range(2)))
            yield own
        finally:
            await asyncio.gather(*(own.kill(url) for url in list(own.running)))


async def test_a_thousand_guesses_from_fifty_networks_at_two_processes_learn_five_answers_a_pause(
    house: House, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    """Neither the broker's end nor a process's opens anything, and the owner gets in after the wait.

    All of them when thorough, otherwise a third: two from each network in each of the three spells.
    """
    spell = 330 if pytestconfig.getoption("--thorough") else 110
    valkey = EmbeddedValkey(tmp_path / "valkey")
    redis_url = valkey.ensure()
    try:
        async with processes(house, redis_url) as servers:
            first, second = servers.running
            assert await servers.guess(spell) == {"login_refused": 5, "login_locked": spell - 5}
            assert (await servers.log_in(second, PASSWORD, "192.0.2.10")).headers["Retry-After"] == "60"

            valkey.stop()
            await servers.later(61)
            heard = await servers.guess(spell, killing=first)
            assert heard["none"] > 0
            assert heard["login_refused"] <= 5, "a guess whose process died counted, and nobody heard"
            assert set(heard) <= {"login_refused", "login_locked", "none"}
            assert (await servers.guess(20))["login_refused"] == 0
            locked = await servers.log_in(second, PASSWORD, "192.0.2.10")
            assert (locked.status_code, locked.headers["Retry-After"]) == (429, "120")
            house.later(seconds=61)
            with pytest.raises(RateLimited):  # A process that was there for no guess knows of them.
                await house.log_in()

            await servers.later(121)
            assert (await servers.guess(spell))["login_refused"] == 5
            await servers.later(241)
            let_in = await servers.log_in(second, PASSWORD, "192.0.2.10")
            assert let_in.status_code == 201, let_in.text
    finally:
        valkey.stop()
