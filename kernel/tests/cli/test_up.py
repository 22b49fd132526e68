"""`psa up` as a real process: it starts, serves, stops cleanly, survives being killed and starts again."""

import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from .conftest import OTHERS

pytestmark = pytest.mark.slow


class Up:
    """A running `psa up`."""

    def __init__(self, directory: Path, *options: str) -> None:
        self.directory = directory
        environment = {**os.environ, "PSA_QUARANTINE": OTHERS, "PYTHONUNBUFFERED": "1"}
        command = [
            sys.executable,
            "-m",
            "psa_kernel.cli",
            "up",
            "--port",
            "0",
            "--data-dir",
            str(directory),
            *options,
        ]
        self.process = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.said: list[str] = []
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.append(line)
            if line.startswith("Ctrl-C"):
                break
        else:
            raise AssertionError("".join(self.said) + self.process.communicate(timeout=60)[1])

    @property
    def connection(self) -> dict[str, str]:
        return json.loads((self.directory / "connection.json").read_text())

    def get(self, path: str) -> httpx.Response:
        return httpx.get(self.connection["url"] + path, verify=False)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        rest, self.complaints = self.process.communicate(timeout=60)
        self.said.append(rest)
        return self.process.returncode


def test_it_starts_serves_stops_cleanly_and_killed_starts_again_on_the_servers_left_behind(tmp_path):
    postmaster = tmp_path / "postgres" / "data" / "postmaster.pid"
    up = Up(tmp_path, "--no-demo", "--tenancy", "multi")
    assert up.get("/health/ready").status_code == 200
    assert stat.S_IMODE((tmp_path / "connection.json").stat().st_mode) == 0o600
    connection = up.connection
    assert (connection["tenant"], connection["admin_email"]) == ("demo", "admin@example.com")
    assert connection["admin_password"] in "".join(up.said)
    assert up.stop() == 0, up.complaints
    assert "Stopped." in up.said[-1]
    assert not postmaster.exists()

    killed = Up(tmp_path, "--no-demo", "--tenancy", "multi")
    assert killed.get("/health/ready").status_code == 200
    assert killed.connection["admin_password"] == connection["admin_password"]
    left = postmaster.read_text().split()[0]
    killed.process.kill()
    killed.process.communicate()

    again = Up(tmp_path, "--no-demo", "--tenancy", "multi")
    try:
        assert postmaster.read_text().split()[0] == left
        assert again.get("/health/ready").status_code == 200
    finally:
        assert again.stop(signal.SIGINT) == 0, again.complaints
