"""An own PostgreSQL for development, tests and small installations: created, adopted, restarted, stopped.

Only the programs of a wheel (or of the system) are used; the life cycle is ours. The server listens on
127.0.0.1 with scram passwords, survives a killed `psa`, and is adopted by the next one.
"""

import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

import msgspec

from psa_kernel.embedded.account import Account, Runner
from psa_kernel.embedded.binaries import ServerError, postgres_binaries, postgres_major
from psa_kernel.embedded.cluster import create, read_passwords
from psa_kernel.embedded.lease import Lease
from psa_kernel.embedded.ports import usable
from psa_kernel.embedded.processes import command_line, stray_lock

SETTINGS: Mapping[str, str] = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "shared_buffers": "128MB",
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
FAST: Mapping[str, str] = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
"""For tests: a crash of the machine may cost the data."""

_RETRIES = 40
_PAUSE = 0.25


class Urls(msgspec.Struct, frozen=True):
    """How to reach the database `psa`: as its owner, as the application, and as the superuser."""

    owner: str
    app: str
    direct: str
    superuser: str


class EmbeddedPostgres:
    """The PostgreSQL of one data directory, shared by every process that calls `ensure`."""

    def __init__(
        self, data_dir: Path, *, settings: Mapping[str, str] | None = None, account: Account | None = None
    ) -> None:
        self._directory = Path(data_dir).absolute() / "postgres"
        self._data = self._directory / "data"
        self._settings = {**SETTINGS, **(settings or {})}
        self._lease = Lease(self._directory)
        self._account: Account | None = account

    def ensure(self) -> Urls:
        """Create, adopt or restart the server, and count this process among its users.

        Blocks: 1 to 2 s for a new directory, 0.3 s for a start, 0.02 s when it runs. Raises `ServerError`.
        """
        with self._lease.alone():
            runner = self._runner()
            if not (self._data / "PG_VERSION").exists():
                create(runner, self._directory)
            port = self._running_port(runner.binaries) or self._start(runner)
            self._lease.join()
        passwords = read_passwords(self._directory)

        def url(role: str, database: str = "psa") -> str:
            return f"postgresql://{role}:{getattr(passwords, role)}@127.0.0.1:{port}/{database}"

        app = url("psa_app")
        return Urls(owner=url("psa_owner"), app=app, direct=app, superuser=url("postgres"))

    def stop(self) -> None:
        """Stop using the server; the last user stops it."""
        with self._lease.alone():
            if self._lease.leave():
                self._runner().run("pg_ctl", "-D", self._data, "-w", "-m", "fast", "stop")

    def port(self) -> int | None:
        """Return the port of the running server, or None."""
        return self._running_port(postgres_binaries())

    def alive(self) -> bool:
        """Tell whether the postmaster's process exists, without asking it."""
        try:
            pid = (self._data / "postmaster.pid").read_text().split(maxsplit=1)[0]
        except (OSError, IndexError):
            return False
        return str(self._data) in command_line(int(pid))

    def _last_port(self) -> int:
        try:
            return int((self._directory / "port").read_text())
        except (OSError, ValueError):
            return 0

    def _runner(self) -> Runner:
        return Runner(postgres_binaries(), self._directory, self._account)

    def _running_port(self, binaries: Path) -> int | None:
        """Return the port when our postmaster runs and answers.

        A process id may be another's by now, and a just killed postmaster still listens for some
        milliseconds: hence the command line and `pg_isready`.
        """
        try:
            lines = (self._data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return None
        if (
            len(lines) < 8
            or lines[7].strip() != "ready"
            or str(self._data) not in command_line(int(lines[0]))
        ):
            return None
        question = [binaries / "pg_isready", "-q", "-h", "127.0.0.1", "-p", lines[3], "-t", "3"]
        return None if subprocess.run(question, check=False).returncode else int(lines[3])  # noqa: S603

    def _start(self, runner: Runner) -> int:
        """Start on a free port; for some seconds after a crash the old one's memory is still in use."""
        wanted = (self._data / "PG_VERSION").read_text().strip()
        if int(wanted) != postgres_major(runner.binaries):
            raise ServerError(
                f"The data in {self._data} belongs to PostgreSQL {wanted}, but {runner.binaries} is another "
                f"version: set PSA_PG_BIN to version {wanted}, or back up with it and restore."
            )
        if stray_lock(self._data):
            (self._data / "postmaster.pid").unlink()
        log = self._directory / "log.txt"
        failure = ""
        for attempt in range(_RETRIES):
            if attempt:
                time.sleep(_PAUSE)
            port = usable(self._last_port())
            options = " ".join(f"-c {name}='{value}'" for name, value in self._settings.items())
            arguments = ("-D", self._data, "-w", "-t", "60", "-l", log, "-o", f"{options} -c port={port}")
            started = runner.run("pg_ctl", *arguments, "start")
            if started.returncode == 0:
                (self._directory / "port").write_text(str(port))
                return port
            failure = started.stdout
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-10:]) if log.exists() else ""
        raise ServerError(f"PostgreSQL doesn't start; see {log}.\n{failure}{tail}")
