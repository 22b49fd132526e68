"""Restarts an embedded server that died under a running process."""

import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Protocol

import structlog

from psa_kernel.embedded.binaries import ServerError

_SECONDS = 0.5
_log = structlog.get_logger(__name__)


class Server(Protocol):
    """A server that can be watched."""

    def alive(self) -> bool:
        """Tell, cheaply, whether it runs."""
        ...

    def ensure(self) -> object:
        """Start it unless it runs."""
        ...


@contextmanager
def watched(watching: Sequence[Server]) -> Generator[None]:
    """Look after servers from a thread while the block runs; a restart keeps port and passwords."""
    stop = threading.Event()
    thread = threading.Thread(target=_watch, args=(watching, stop), name="embedded servers", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _watch(watching: Sequence[Server], stop: threading.Event) -> None:
    while not stop.wait(_SECONDS):
        for server in watching:
            if server.alive():
                continue
            _log.error("an embedded server died and is started again", server=type(server).__name__)
            try:
                server.ensure()
            except (ServerError, OSError) as error:
                _log.error("an embedded server can't be started", error=str(error))
