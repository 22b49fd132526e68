"""A running installation with the demo's data, as `make up` leaves it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from psa_kernel.testing.plugins import only

from .pages import DESK


@pytest.fixture(scope="session")
def running_demo(tmp_path_factory, put_cluster):
    """The data directory of a `psa up --demo` that serves while the tests run, with what the tour talks to."""
    directory: Path = put_cluster(tmp_path_factory.mktemp("tour") / "data")
    command = [
        str(Path(sys.executable).with_name("psa")),
        "up",
        "--data-dir",
        str(directory),
        "--port",
        "0",
        "--demo",
    ]
    environment = {**os.environ, **only(*DESK)}
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    lines: list[str] = []
    for line in process.stdout:
        lines.append(line)
        if "PSA is ready" in line:
            break
    assert process.poll() is None, "".join(lines)
    yield directory
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
