"""A test run's temporary files in memory: databases are made of thousands of files, and discs take seconds for them.

A pytest plugin: `pytest_plugins = ["psa_kernel.testing.scratch"]`. Where memory is scarce or this system offers no
directory in it, everything stays where it was.
"""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

_MEMORY = Path("/dev/shm")  # noqa: S108 - what Linux offers of memory as files
_NEEDED_BYTES = 6 << 30
"""A whole run takes about half of it."""
_NAME = "psa-run-"


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Give this run, and the workers and processes that it starts, a directory in memory for temporary files.

    It goes with the run when nothing failed, otherwise with the next run.
    """
    if "PYTEST_XDIST_WORKER" in os.environ or not _roomy():
        return
    for left in _MEMORY.glob(f"{_NAME}*"):
        if not Path("/proc", left.name.removeprefix(_NAME)).exists():
            shutil.rmtree(left, ignore_errors=True)
    directory = _MEMORY / f"{_NAME}{os.getpid()}"
    # Reachable for the unprivileged account that runs the servers when the tests run as root.
    directory.mkdir(mode=0o755, exist_ok=True)
    before = os.environ.get("TMPDIR")
    os.environ["TMPDIR"] = tempfile.tempdir = str(directory)

    def restore() -> None:
        tempfile.tempdir = None
        os.environ.pop("TMPDIR")
        if before is not None:
            os.environ["TMPDIR"] = before

    config.add_cleanup(restore)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Remember whether what the tests wrote is still wanted."""
    session.config.stash[_FAILED] = bool(exitstatus)


_FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Give the memory back."""
    directory = _MEMORY / f"{_NAME}{os.getpid()}"
    if not config.stash.get(_FAILED, True):
        shutil.rmtree(directory, ignore_errors=True)


def _roomy() -> bool:
    try:
        room = os.statvfs(_MEMORY)
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return False
    figures = {name: int(rest.split()[0]) << 10 for name, _, rest in (line.partition(":") for line in lines)}
    return (
        os.access(_MEMORY, os.W_OK)
        and not room.f_flag & os.ST_NOEXEC
        and min(room.f_bavail * room.f_frsize, figures.get("MemAvailable", 0)) >= _NEEDED_BYTES
    )
