"""Bring a Valkey of the tests back on its old port."""

import asyncio
from pathlib import Path

from psa_kernel.embedded.binaries import valkey_server
from psa_kernel.embedded.valkey import EmbeddedValkey


async def restart(server: EmbeddedValkey, directory: Path) -> None:
    """Start a dead server, with what is left of its files, and wait until it answers."""
    async with asyncio.timeout(60):
        while not server.alive():
            # Its port may be held for a moment more: by what was killed, or by the near end of a connection.
            started = await asyncio.create_subprocess_exec(
                valkey_server(), directory / "valkey.conf", "--daemonize", "no"
            )
            while started.returncode is None and not server.alive():
                await asyncio.sleep(0.02)
