"""The embedded PostgreSQL with real processes: created, adopted, killed, raced for and stopped."""

import json
import os
import signal
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import asyncpg
import pytest

from psa_kernel.embedded import EmbeddedPostgres, ServerError

ENSURE = """
import json, sys
from pathlib import Path
import msgspec
from psa_kernel.embedded import EmbeddedPostgres
print(json.dumps(msgspec.to_builtins(EmbeddedPostgres(Path(sys.argv[1])).ensure())), flush=True)
sys.stdin.read()
"""


async def ask(url: str, sql: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


@pytest.fixture
def server(tmp_path):
    """The server of an empty directory."""
    made = EmbeddedPostgres(tmp_path)
    yield made
    made.stop()


@pytest.fixture
def made_server(server, tmp_path, put_cluster):
    """One whose files are there."""
    put_cluster(tmp_path)
    return server


def postmaster(directory: Path) -> int:
    return int((directory / "postgres" / "data" / "postmaster.pid").read_text().split()[0])


async def test_a_new_directory_holds_a_database_with_two_unprivileged_roles(server, tmp_path):
    urls = server.ensure()
    assert await ask(urls.owner, "select current_user::text") == "psa_owner"
    assert await ask(
        urls.owner, "select pg_get_userbyid(datdba)::text from pg_database where datname = 'psa'"
    ) == ("psa_owner")
    for url in (urls.owner, urls.app):
        refused = "select rolsuper or rolbypassrls from pg_roles where rolname = current_user"
        assert await ask(url, refused) is False
    assert await ask(urls.superuser, "select rolsuper from pg_roles where rolname = current_user") is True
    assert await ask(urls.app, "show timezone") == "UTC"
    assert await ask(urls.app, "show fsync") == "on"


async def test_a_wrong_password_is_refused_and_the_right_ones_are_only_ours_to_read(made_server, tmp_path):
    urls = made_server.ensure()
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(urls.app, password="wrong")
    passwords = tmp_path / "postgres" / "passwords.json"
    assert stat.S_IMODE(passwords.stat().st_mode) == 0o600
    assert json.loads(passwords.read_text())["psa_app"] in urls.app


async def test_a_running_server_is_adopted(made_server, tmp_path):
    first = made_server.ensure()
    pid = postmaster(tmp_path)
    other = EmbeddedPostgres(tmp_path)
    assert other.ensure() == first
    assert postmaster(tmp_path) == pid


async def test_the_last_user_stops_the_server(made_server, tmp_path):
    made_server.ensure()
    other = EmbeddedPostgres(tmp_path)
    urls = other.ensure()
    other.stop()
    assert await ask(urls.app, "select 1") == 1
    made_server.stop()
    assert made_server.port() is None


async def test_a_killed_server_restarts_with_its_data(made_server, tmp_path):
    urls = made_server.ensure()
    await ask(urls.owner, "create table kept as select generate_series(1, 1000) as number")
    holding = await asyncpg.connect(urls.owner)
    os.kill(postmaster(tmp_path), signal.SIGKILL)
    urls = made_server.ensure()
    assert await ask(urls.owner, "select count(*) from kept") == 1000
    holding.terminate()


async def test_a_process_file_of_another_program_with_our_number_is_not_believed(made_server, tmp_path):
    made_server.ensure()
    left_over = (tmp_path / "postgres/data/postmaster.pid").read_text()
    made_server.stop()
    lines = left_over.splitlines()
    stranger = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        (tmp_path / "postgres/data/postmaster.pid").write_text(
            "\n".join([str(stranger.pid), *lines[1:]]) + "\n"
        )
        assert await ask(made_server.ensure().app, "select 1") == 1
    finally:
        stranger.communicate()


async def test_processes_racing_for_an_empty_directory_get_one_server(server, tmp_path):
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", ENSURE, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    answers = []
    for racer in racers:
        assert racer.stdout is not None
        answers.append(json.loads(racer.stdout.readline()))
    assert answers[0] == answers[1] == answers[2]
    racers[0].kill()
    racers[0].communicate()
    assert server.ensure().app == answers[0]["app"]
    for racer in racers[1:]:
        racer.communicate("")
    assert await ask(answers[0]["app"], "select 1") == 1


async def test_a_half_made_directory_is_made_again(server, tmp_path):
    (tmp_path / "postgres" / "data.new").mkdir(parents=True)
    (tmp_path / "postgres" / "data.new" / "PG_VERSION").write_text("18\n")
    assert await ask(server.ensure().app, "select 1") == 1


def test_data_of_another_version_is_refused_with_the_remedy(tmp_path):
    data = tmp_path / "postgres" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("9\n")
    with pytest.raises(ServerError, match="belongs to PostgreSQL 9.*set PSA_PG_BIN"):
        EmbeddedPostgres(tmp_path).ensure()


def test_a_bin_directory_without_programs_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("PSA_PG_BIN", str(tmp_path))
    with pytest.raises(ServerError, match="holds no initdb"):
        EmbeddedPostgres(tmp_path).ensure()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become nobody")
class TestWithoutUserNamespaces:
    async def test_the_server_runs_as_nobody(self):
        with tempfile.TemporaryDirectory() as name:
            Path(name).chmod(0o755)
            server = EmbeddedPostgres(Path(name), account="nobody")
            try:
                assert await ask(server.ensure().app, "select 1") == 1
                assert (Path(name) / "postgres/data/PG_VERSION").stat().st_uid == 65534
            finally:
                server.stop()

    def test_a_directory_out_of_reach_is_named_with_the_remedy(self):
        with (
            tempfile.TemporaryDirectory() as name,
            pytest.raises(ServerError, match="nobody can't reach .*choose a data directory"),
        ):
            EmbeddedPostgres(Path(name), account="nobody").ensure()
