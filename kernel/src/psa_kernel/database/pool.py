"""The connection pool of a process: every connection speaks UTC and keeps no state between uses."""

from collections.abc import Mapping
from typing import Any

import asyncpg

Connection = asyncpg.Connection
Pool = asyncpg.Pool

SERVING_SETTINGS: Mapping[str, str] = {
    "application_name": "psa",
    "timezone": "UTC",
    "statement_timeout": "5s",
    "lock_timeout": "3s",
    "idle_in_transaction_session_timeout": "30s",
    # Statements are short and many: compiling them to machine code costs more than it gains.
    "jit": "off",
}
OWNER_SETTINGS: Mapping[str, str] = {
    "application_name": "psa-owner",
    "timezone": "UTC",
    "statement_timeout": "0",
    "lock_timeout": "15s",
    "jit": "off",
}


async def _end_transaction(connection: Any) -> None:
    """Roll back what a session left open.

    All session state is transaction-local, so `RESET ALL` and its round trip aren't needed.
    """
    if connection.is_in_transaction():
        await connection.execute("ROLLBACK")


async def open_pool(url: str, *, size: int = 16, statement_cache: int = 1000) -> Pool:
    """Open a pool of at most `size` connections; `statement_cache` is 0 behind a transaction pooler.

    Connections time out statements after 5 s, lock waits after 3 s and idle transactions after 30 s;
    a session that may take longer says `SET LOCAL statement_timeout`.
    """
    return await asyncpg.create_pool(
        url,
        min_size=min(2, size),
        max_size=size,
        reset=_end_transaction,
        statement_cache_size=statement_cache,
        max_cached_statement_lifetime=0,
        # A list with includes is a long statement, and those are the ones to plan only once; 0 means no limit.
        max_cacheable_statement_size=0,
        max_inactive_connection_lifetime=300,
        server_settings=dict(SERVING_SETTINGS),
    )


async def connect_as_owner(url: str) -> Connection:
    """Open one connection for migrations: no statement timeout, up to 15 s for a lock."""
    return await asyncpg.connect(url, server_settings=dict(OWNER_SETTINGS), statement_cache_size=0)
