"""Servers that die under a running process come back where their clients look for them."""

import os
import signal
import time

import asyncpg
import redis

from psa_kernel.config import Config
from psa_kernel.embedded import servers


async def answers(url: str) -> int:
    """Ask until there's an answer."""
    deadline = time.monotonic() + 20
    while True:
        try:
            connection = await asyncpg.connect(url)
        except (OSError, asyncpg.PostgresError):
            assert time.monotonic() < deadline
        else:
            try:
                return await connection.fetchval("select 1")
            finally:
                await connection.close()


async def test_killed_servers_come_back_on_their_ports(tmp_path, put_cluster):
    put_cluster(tmp_path)
    with servers(Config(data_dir=tmp_path)) as config:
        postmaster = int((tmp_path / "postgres/data/postmaster.pid").read_text().split()[0])
        with redis.Redis.from_url(config.redis_url) as client:
            client.set("kept", "yes")
            client.execute_command("WAITAOF", 1, 0, 5000)
            valkey = client.info("server")["process_id"]
        os.kill(postmaster, signal.SIGKILL)
        os.kill(valkey, signal.SIGKILL)
        assert await answers(config.database_url) == 1
        retry = redis.retry.Retry(redis.backoff.ConstantBackoff(0.1), 100)
        with redis.Redis.from_url(config.redis_url, retry=retry) as client:
            assert client.get("kept") == b"yes"


async def test_a_port_that_somebody_took_is_given_up(tmp_path, put_cluster):
    import socket

    put_cluster(tmp_path)
    with servers(Config(data_dir=tmp_path)) as config:
        port = int(config.database_url.rsplit(":", 1)[1].split("/")[0])
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        with servers(Config(data_dir=tmp_path)) as config:
            assert f":{port}/" not in config.database_url
            assert await answers(config.database_url) == 1
