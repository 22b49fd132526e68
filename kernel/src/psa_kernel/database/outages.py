"""How PostgreSQL shows that it is away, dying or coming back; asyncpg has many exceptions for it."""

from typing import Final

import asyncpg

from psa_sdk.errors import Unavailable

CANNOT_CONNECT: Final = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
)
"""What opening a connection raises while there is no server to be had."""

_DIED: Final = (
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    # A server's last words: a statement meets them as an error of its own.
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    ConnectionError,
)


AWAY: Final = (Unavailable, TimeoutError, OSError, *_DIED, asyncpg.PostgresError)
"""What background work waits out: its next turn asks the database again, whatever was wrong."""


def lost_connection(error: BaseException) -> bool:
    """Tell whether a statement failed because its connection is gone, not because of what it said."""
    # asyncpg's InterfaceErrors that are ValueErrors complain of arguments: faults of ours.
    return isinstance(error, _DIED) and not isinstance(error, ValueError)
