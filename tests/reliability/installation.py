"""An installation made of real processes on this machine, which a test may kill at any moment."""

import contextlib
import json
import os
import signal
import socket
import time
from collections.abc import Collection
from pathlib import Path

import asyncpg
import httpx

from psa_kernel.embedded import EmbeddedPostgres, EmbeddedValkey
from psa_kernel.testing.plugins import only
from psa_kernel.testing.processes import Forked

PATIENCE = 90.0
"""Seconds that any single wait may take; only a failed test takes so long."""
DESK = ("contacts", "comments", "ticketing")
"""The plugins that a service desk needs; drills that show what the kernel promises start no others."""
IMPATIENT = "from psa_kernel.jobs import background; background.LEASE = 3.0"
"""A prelude: work that a killed process held is taken over after 3 seconds instead of 15."""
_UNLIMITED = {
    "PSA_REQUESTS_PER_MINUTE": "0",
    "PSA_TENANT_REQUESTS_PER_MINUTE": "0",
    "PSA_ANONYMOUS_REQUESTS_PER_MINUTE": "0",
}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Process:
    """A `psa` command in a session of its own; what it says goes to a file.

    `prelude` is Python that runs before it.
    """

    def __init__(self, log: Path, *words: str, prelude: str = "", **environment: str) -> None:
        self.log = log
        code = f"{prelude}\nfrom psa_kernel.cli import main; main()"
        self._process = Forked(code, *words, output=log, environment={**_UNLIMITED, **environment})

    @property
    def said(self) -> str:
        return self.log.read_text(errors="replace")

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def says(self, words: str) -> None:
        """Wait until the process has said something."""
        wait_until(lambda: words in self.said or not self.running, f"{words!r} in {self.log}")
        assert words in self.said, self.said

    def ends(self) -> int:
        return self._process.wait(PATIENCE)

    def kill(self) -> None:
        """Kill -9 this process alone; servers that it started stay."""
        self._process.kill()
        self._process.wait()

    def stop(self) -> int:
        """Ask it to stop; returns its exit code."""
        self._process.send_signal(signal.SIGTERM)
        return self.ends()

    def end(self) -> None:
        """Leave nothing of its group behind."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.kill()
        self._process.wait()


def wait_until(done, what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < deadline, f"still waiting for {what}"
        time.sleep(0.02)


class Installation:
    """One data directory and the processes on it: `psa up`, or `psa serve` with `psa worker`.

    `plugins` limits those that take part.
    """

    def __init__(
        self, directory: Path, *, tenancy: str = "single", plugins: Collection[str] | None = DESK
    ) -> None:
        directory.chmod(0o755)
        self.directory = directory / "data"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._tenancy = tenancy
        self._environment = {} if plugins is None else only(*plugins)
        self._logs = directory
        self.processes: dict[str, Process] = {}
        self._started = 0
        self._connection: asyncpg.Connection | None = None

    def command(self, *words: str, prelude: str = "", **environment: str) -> Process:
        """Start any `psa` command on the directory."""
        self._started += 1
        log = self._logs / f"{self._started:02}-{words[0]}.log"
        where = ("--data-dir", str(self.directory), "--tenancy", self._tenancy)
        return Process(log, *words, *where, prelude=prelude, **self._environment, **environment)

    def start(self, name: str, *, prelude: str = "") -> None:
        """Start `up`, `serve` or `worker` and wait until it is ready."""
        words = {
            "up": ("up", "--port", str(self.port), "--no-demo"),
            "serve": ("serve", "--port", str(self.port)),
            "worker": ("worker",),
        }[name]
        self.processes[name] = self.command(*words, prelude=prelude)
        ready = {"up": "Ctrl-C stops", "serve": "PSA serves at", "worker": "The worker runs"}[name]
        self.processes[name].says(ready)

    def kill(self, victim: str) -> None:
        """Kill -9 a process of ours, the postmaster, one of its backends, or Valkey."""
        match victim:
            case "postgresql":
                os.kill(self.postmaster(), signal.SIGKILL)
            case "valkey":
                os.kill(int((self.directory / "valkey" / "valkey.pid").read_text()), signal.SIGKILL)
            case _:
                self.processes[victim].kill()

    def postmaster(self) -> int:
        return int((self.directory / "postgres" / "data" / "postmaster.pid").read_text().split()[0])

    @property
    def connection(self) -> dict[str, str]:
        return json.loads((self.directory / "connection.json").read_text())

    def log_in(self) -> dict[str, str]:
        """Return the headers of a logged-in administrator."""
        known = self.connection
        headers = {"X-Tenant": known["tenant"], "Content-Type": JSON_API, "Accept": JSON_API}
        attributes = {"email": known["admin_email"], "password": known["admin_password"]}
        answer = httpx.post(
            f"{self.url}/api/v1/auth/login",
            json={"data": {"type": "sessions", "attributes": attributes}},
            headers=headers,
            verify=False,
        )
        assert answer.status_code == 201, answer.text
        token = answer.json()["data"]["attributes"]["access_token"]
        return {**headers, "Authorization": f"Bearer {token}"}

    async def query(self, sql: str, *arguments: object) -> list[asyncpg.Record]:
        """Look behind row-level security, over one connection for as long as PostgreSQL lives."""
        if self._connection is None or self._connection.is_closed():
            url = self.connection["owner_database_url"]
            self._connection = await asyncpg.connect(url, ssl=False, statement_cache_size=0)
        return await self._connection.fetch(sql, *arguments)

    def stop(self) -> None:
        """Stop everything, however it is."""
        if self._connection is not None:
            self._connection.terminate()
        for process in self.processes.values():
            process.end()
        if not self.directory.is_dir():
            return
        for server in (EmbeddedPostgres(self.directory), EmbeddedValkey(self.directory)):
            server.stop()


JSON_API = "application/vnd.api+json"
