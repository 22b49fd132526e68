"""Processes for tests that start and kill many: forked from one that has imported all plugins, which takes a second.

Each is a whole process with a session, an environment and an output of its own. What starting from nothing does,
installed programs show (`psa up` in the command line's tests and in those of the documentation).
"""

import contextlib
import gc
import multiprocessing
import os
import signal
import sys
import tempfile
from collections.abc import Mapping
from functools import lru_cache
from importlib import metadata
from multiprocessing import util
from pathlib import Path

from psa_kernel.builtin import BUILTINS

_FORKS = multiprocessing.get_context("forkserver")
_GROUPS = ("psa.plugins", "psa.bridges")
_ALWAYS = ("pytest", "psa_kernel.cli.up", "psa_kernel.cli.serve", "psa_kernel.testing.processes")


class Forked:
    """What `python -c code words` would run; all that it says goes to a file."""

    def __init__(self, code: str, *words: str, output: Path, environment: Mapping[str, str]) -> None:
        """Start it with these variables beside our own."""
        _prepare()
        output.touch()
        given = (code, words, output, {**os.environ, **environment})
        self._process = _FORKS.Process(target=_run, args=given, daemon=True)
        self._process.start()

    @property
    def pid(self) -> int:
        """The process's number."""
        assert self._process.pid is not None
        return self._process.pid

    def poll(self) -> int | None:
        """Return its exit code (a signal's number is negative), None while it runs."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end, at most so many seconds; returns its exit code. Raises `TimeoutError`."""
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise TimeoutError(f"process {self.pid} still runs after {timeout} s")
        return self._process.exitcode

    def send_signal(self, number: signal.Signals) -> None:
        """Signal this process alone, unless it has ended."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def kill(self) -> None:
        """Kill -9 this process alone; what it started stays."""
        self.send_signal(signal.SIGKILL)


@lru_cache
def _prepare() -> None:
    plugins = [entry.module for group in _GROUPS for entry in metadata.entry_points(group=group)]
    _FORKS.set_forkserver_preload([*_ALWAYS, *BUILTINS, *plugins])
    # Its socket goes at the very end of this process, when the test run's own directory is gone already.
    kept, tempfile.tempdir = tempfile.tempdir, "/tmp"  # noqa: S108
    try:
        util.get_temp_dir()
    finally:
        tempfile.tempdir = kept


def _run(code: str, words: tuple[str, ...], output: Path, environment: dict[str, str]) -> None:
    os.setsid()
    # What was imported stays out of garbage collection, which would copy all its memory.
    gc.freeze()
    with output.open("ab") as said:
        os.dup2(said.fileno(), 1)
        os.dup2(said.fileno(), 2)
    sys.stdout.reconfigure(line_buffering=True)  # pyright: ignore[reportAttributeAccessIssue]
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["-c", *words]
    try:
        exec(compile(code, "-c", "exec"), {"__name__": "__main__"})  # noqa: S102 - the test's own
    finally:
        _keep_coverage()


def _keep_coverage() -> None:
    """Write what was covered: such a process ends without what Python does at the end of others."""
    coverage = sys.modules.get("coverage")
    measuring = coverage and coverage.Coverage.current()
    if measuring:
        measuring.stop()
        measuring.save()
