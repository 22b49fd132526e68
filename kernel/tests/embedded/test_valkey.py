"""The embedded Valkey with a real process."""

import os
import signal
import stat

import pytest
import redis

from psa_kernel.config import Config
from psa_kernel.embedded import EmbeddedValkey, servers


@pytest.fixture
def server(tmp_path):
    made = EmbeddedValkey(tmp_path)
    yield made
    made.stop()


def test_it_is_created_with_a_password_and_keeps_what_it_is_told(server, tmp_path):
    url = server.ensure()
    with redis.Redis.from_url(url) as client:
        facts = client.config_get("*")
        assert (facts["appendonly"], facts["appendfsync"]) == ("yes", "everysec")
        assert (facts["maxmemory-policy"], facts["bind"]) == ("noeviction", "127.0.0.1")
    wrong = f"redis://:wrong@{url.split('@')[1]}"
    with redis.Redis.from_url(wrong) as stranger, pytest.raises(redis.AuthenticationError):
        stranger.ping()
    assert stat.S_IMODE((tmp_path / "valkey" / "valkey.conf").stat().st_mode) == 0o600


def test_a_running_server_is_adopted_and_the_last_user_stops_it(server, tmp_path):
    url = server.ensure()
    other = EmbeddedValkey(tmp_path)
    assert other.ensure() == url
    server.stop()
    with redis.Redis.from_url(url) as client:
        assert client.ping()
    other.stop()
    with redis.Redis.from_url(url) as client, pytest.raises(redis.ConnectionError):
        client.ping()


def test_a_killed_server_restarts_with_its_data(server):
    with redis.Redis.from_url(server.ensure()) as client:
        for number in range(100):
            client.set(f"key-{number}", number)
        client.execute_command("WAITAOF", 1, 0, 5000)
        os.kill(client.info("server")["process_id"], signal.SIGKILL)
    with redis.Redis.from_url(server.ensure()) as client:
        assert client.dbsize() == 100


def test_a_configuration_without_servers_is_filled_in_and_the_servers_stop_afterwards(tmp_path):
    with servers(Config(data_dir=tmp_path)) as config:
        assert config.owner_database_url.startswith("postgresql://psa_owner:")
        assert config.direct_database_url == config.database_url
        with redis.Redis.from_url(config.redis_url) as client:
            assert client.ping()
    assert not (tmp_path / "postgres" / "data" / "postmaster.pid").exists()


def test_the_operators_own_servers_are_left_alone(tmp_path):
    own = Config(
        data_dir=tmp_path, database_url="postgresql://db.example.com/psa", redis_url="redis://example.com"
    )
    with servers(own) as config:
        assert config.owner_database_url == config.direct_database_url == own.database_url
    assert list(tmp_path.iterdir()) == []
