"""Ports on 127.0.0.1: a restarted server keeps its own, so that its clients find it again."""

import socket


def usable(wanted: int = 0) -> int:
    """Return the wanted port when nothing listens on it, else a free one."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OSError("127.0.0.1 has no free port.")
