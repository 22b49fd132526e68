"""What `psa up` makes sure of, in this process: tenant, administrator, demonstration data, connection file."""

import asyncio
import os
import signal
import stat

import httpx
import msgspec
import pytest

from psa_kernel import server
from psa_kernel.boot import load
from psa_kernel.cli import up
from psa_kernel.config import Config
from psa_kernel.embedded import servers
from psa_kernel.first_start import DEMO_STAFF, read_connection, write_connection
from psa_kernel.testing.plugins import module
from psa_sdk import Manifest

filled: list[str] = []


async def fill(ctx) -> None:
    filled.append(str(ctx.tenant_id))


@pytest.fixture(autouse=True)
def quiet_memory(monkeypatch):
    monkeypatch.setattr(server, "settle_memory", lambda: None)
    filled.clear()


async def started(config: Config, *, demo: bool | None, ask=None) -> dict[str, str]:
    """Run `psa up` until it serves, ask it something, stop it by signal; return its connection file."""
    with servers(config) as ready, server.bind(ready) as listener:
        registry = load(ready, [module(Manifest(name="filling", title="Filling", demo=fill))], only=())
        write_connection(config.data_dir, msgspec.structs.replace(read_connection(config.data_dir), url=""))
        running = asyncio.create_task(up._run(ready, registry, listener, demo=demo))
        while not read_connection(config.data_dir).url and not running.done():
            await asyncio.sleep(0.05)
        if not running.done():
            async with httpx.AsyncClient(
                base_url=read_connection(config.data_dir).url, timeout=60, verify=False
            ) as client:
                assert (await client.get("/health/ready")).status_code == 200
                if ask is not None:
                    await ask(client, read_connection(config.data_dir))
            os.kill(os.getpid(), signal.SIGTERM)
        await running
    return msgspec.to_builtins(read_connection(config.data_dir))


@pytest.fixture
async def config(tmp_path, new_database, redis_url) -> Config:
    """An empty data directory, and a database as empty; that servers come with it is `psa up`'s own test."""
    empty = await new_database()
    return Config(
        data_dir=tmp_path,
        port=0,
        database_url=empty.app,
        owner_database_url=empty.owner,
        redis_url=redis_url,
    )


async def log_in(client: httpx.AsyncClient, connection, email: str) -> int:
    headers = {"X-Tenant": connection.tenant, "Content-Type": "application/vnd.api+json"}
    attributes = {"email": email, "password": connection.admin_password}
    body = {"data": {"type": "sessions", "attributes": attributes}}
    return (await client.post("/api/v1/auth/login", json=body, headers=headers)).status_code


@pytest.mark.parametrize("tenancy", ["single", "multi"])
async def test_the_first_start_fills_in_everything_once(config, tmp_path, tenancy):
    config = msgspec.structs.replace(config, tenancy=tenancy)

    async def everybody_logs_in(client, connection) -> None:
        for email in (connection.admin_email, *(email for _, email, _ in DEMO_STAFF)):
            assert await log_in(client, connection, email) == 201

    first = await started(config, demo=None, ask=everybody_logs_in)
    assert first["demo"] is True
    assert first["tenant"] == ("demo" if tenancy == "multi" else "main")
    assert stat.S_IMODE((tmp_path / "connection.json").stat().st_mode) == 0o600
    again = await started(config, demo=None)
    assert len(filled) == 1
    assert again["admin_password"] == first["admin_password"]


async def test_started_without_demonstration_data_it_stays_without_until_asked(config):
    assert (await started(config, demo=False))["demo"] is False
    assert (await started(config, demo=None))["demo"] is False
    assert filled == []
    assert (await started(config, demo=True))["demo"] is True
    assert len(filled) == 1


async def test_a_lost_connection_file_makes_no_new_administrator(config, tmp_path, capsys):
    await started(config, demo=False)
    (tmp_path / "connection.json").unlink()
    assert (await started(config, demo=False))["admin_password"] == ""
    assert "psa users set-password" in capsys.readouterr().out
