"""An own Valkey as transport for jobs: append-only file, no eviction, own port on 127.0.0.1, a password."""

import secrets
import subprocess
import time
from pathlib import Path

import redis

from psa_kernel.embedded.binaries import ServerError, valkey_server
from psa_kernel.embedded.lease import Lease
from psa_kernel.embedded.ports import usable
from psa_kernel.embedded.processes import command_line

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
_ANSWER_SECONDS = 120.0
_LAUNCH_SECONDS = 1.0


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
            # One that is merely slow to answer must not get a second one beside it, on the same files.
            if not url or not (self._ours(url) or (self._process_exists() and self._answers_soon())):
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
        facts = self._facts()
        return f"redis://:{facts['requirepass']}@127.0.0.1:{facts['port']}/0" if facts else ""

    def alive(self) -> bool:
        """Tell whether the server answers."""
        return self._ours(self.url())

    def _facts(self) -> dict[str, str]:
        """Return the configuration as last written, nothing at first."""
        try:
            lines = self._configuration.read_text().splitlines()
        except OSError:
            return {}
        return dict(line.split(" ", 1) for line in lines if " " in line)

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
            facts = self._facts()
            port = usable(int(facts.get("port", 0)))
            password = facts.get("requirepass") or secrets.token_urlsafe(24)
            self._configuration.touch(mode=0o600)
            self._configuration.write_text(
                _CONFIGURATION.format(port=port, password=password, directory=self._directory)
            )
            started = subprocess.run(  # noqa: S603
                [valkey_server(), self._configuration],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
            )
            failure = started.stdout + started.stderr
            if started.returncode == 0 and self._answers_soon():
                return self.url()
        raise ServerError(f"Valkey doesn't start; see {self._directory / 'log.txt'}.\n{failure}")

    def _answers_soon(self) -> bool:
        """Wait for an answer: reading a long append-only file takes a while, a taken port ends at once."""
        deadline = time.monotonic() + _ANSWER_SECONDS
        launched = time.monotonic() + _LAUNCH_SECONDS
        while time.monotonic() < deadline:
            if self._ours(self.url()):
                return True
            if not self._process_exists() and time.monotonic() > launched:
                return False
            time.sleep(0.01)
        return False

    def _process_exists(self) -> bool:
        try:
            pid = int((self._directory / "valkey.pid").read_text())
        except (OSError, ValueError):
            return False
        return f":{self._facts().get('port')}" in command_line(pid)
