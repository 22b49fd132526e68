"""Who uses an embedded server: counted by locks, so that a killed process is forgotten at once."""

import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path


class Lease:
    """One process's use of the server in a directory.

    Starting and stopping exclude each other (`alone`); between `join` and `leave` the server is in use.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._use: int | None = None

    @contextmanager
    def alone(self) -> Generator[None]:
        """Keep every other process from starting or stopping the server meanwhile."""
        self._directory.mkdir(parents=True, exist_ok=True)
        lock = self._open("start.lock")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def join(self) -> None:
        """Count this process among the users."""
        if self._use is None:
            self._use = self._open("use.lock")
            fcntl.flock(self._use, fcntl.LOCK_SH)

    def leave(self) -> bool:
        """Stop using the server; true when nobody else does."""
        if self._use is not None:
            os.close(self._use)
            self._use = None
        lock = self._open("use.lock")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        finally:
            os.close(lock)
        return True

    def _open(self, name: str) -> int:
        return os.open(self._directory / name, os.O_RDWR | os.O_CREAT, 0o600)
