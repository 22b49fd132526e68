"""`psa serve` and `psa worker` as processes of their own, sharing embedded servers."""

import signal
import subprocess
import sys

import httpx
import pytest

from .conftest import OTHERS

pytestmark = pytest.mark.slow


def start(data_dir, *words: str) -> subprocess.Popen[str]:
    import os

    environment = {
        **os.environ,
        "PSA_DATA_DIR": str(data_dir),
        "PSA_QUARANTINE": OTHERS,
    }
    return subprocess.Popen(
        [sys.executable, "-m", "psa_kernel.cli", *words],
        env={**environment, "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline() or process.communicate(timeout=60)[1]


def test_serving_and_working_are_processes_that_stop_cleanly(migrated, data_dir):
    migrated("tenants", "create", "main")
    serving, working = start(data_dir, "serve", "--port", "0"), start(data_dir, "worker")
    try:
        said = first_line(serving)
        assert said.startswith("PSA serves at http://127.0.0.1:"), said
        assert first_line(working) == "The worker runs.\n"
        assert httpx.get(f"{said.split()[-1]}/health/live", verify=False).status_code == 200
    finally:
        ends = []
        for process in (serving, working):
            process.send_signal(signal.SIGTERM)
            ends.append((process.communicate(timeout=60)[1], process.returncode))
    assert [code for _, code in ends] == [0, 0], ends
