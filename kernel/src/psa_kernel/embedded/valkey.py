"""An own Valkey as transport for jobs: append-only file, no eviction, own port on 127.0.0.1, a password."""

import secrets
import socket
import subprocess
import time
from pathlib import Path

import redis

from psa_kernel.embedded.binaries import ServerError, valkey_server
from psa_kernel.embedded.lease import Lease

_CONFIGURATION = """\
bind 127.0.0.1
port {port}
requirepass {password}
dir "{directory}"
logfile "{directory}/log.txt"
pidfile "{directory}/valkey.pid"
daemonize yes
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
"""
_RETRIES = 20
_ANSWER_SECONDS = 10.0


class EmbeddedValkey:
    """The Valkey of one data directory, shared by every process that calls `ensure`."""

    def __init__(self, data_dir: Path) -> None:
        self._directory = Path(data_dir).absolute() / "valkey"
        self._configuration = self._directory / "valkey.conf"
        self._lease = Lease(self._directory)

    def ensure(self) -> str:
        """Create, adopt or restart the server, count this process among its users and return its URL.

        Blocks for about 0.05 s. Raises `ServerError`.
        """
        with self._lease.alone():
            url = self.url()
            if not url or not self._ours(url):
                url = self._start()
            self._lease.join()
        return url

    def stop(self) -> None:
        """Stop using the server; the last user stops it."""
        with self._lease.alone():
            url = self.url()
            if self._lease.leave() and url and self._ours(url):
                with redis.Redis.from_url(url) as client:
                    client.shutdown()

    def url(self) -> str:
        """Return the URL of the server as last started, empty when it never was."""
        try:
            lines = self._configuration.read_text().splitlines()
        except OSError:
            return ""
        facts = dict(line.split(" ", 1) for line in lines if " " in line)
        return f"redis://:{facts['requirepass']}@127.0.0.1:{facts['port']}/0"

    def _ours(self, url: str) -> bool:
        """Tell whether the server of this directory answers: the password is only ours."""
        try:
            with redis.Redis.from_url(url, socket_timeout=3) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def _start(self) -> str:
        failure = ""
        for _ in range(_RETRIES):
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                port = probe.getsockname()[1]
            self._configuration.touch(mode=0o600)
            self._configuration.write_text(
                _CONFIGURATION.format(
                    port=port, password=secrets.token_urlsafe(24), directory=self._directory
                )
            )
            started = subprocess.run(  # noqa: S603
                [valkey_server(), self._configuration],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
            )
            failure = started.stdout + started.stderr
            url = self.url()
            deadline = time.monotonic() + _ANSWER_SECONDS
            while started.returncode == 0 and time.monotonic() < deadline:
                if self._ours(url):
                    return url
                time.sleep(0.01)
        raise ServerError(f"Valkey doesn't start; see {self._directory / 'log.txt'}.\n{failure}")
