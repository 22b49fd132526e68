"""A database that is away looks the same from everywhere: 503 to clients, a pause to background work."""

import asyncpg
import pytest
from asyncpg.exceptions._base import DataError

from psa_kernel.database.outages import AWAY, lost_connection
from psa_kernel.http.errors import problem_of

GONE = (
    asyncpg.AdminShutdownError("terminating connection due to administrator command"),
    asyncpg.CrashShutdownError("terminating connection because of crash of another server process"),
    asyncpg.CannotConnectNowError("the database system is in recovery mode"),
    asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation"),
    asyncpg.TooManyConnectionsError("sorry, too many clients already"),
    asyncpg.InterfaceError("connection is closed"),
    asyncpg.InternalClientError("got result for unknown protocol state"),
    ConnectionResetError("Connection lost"),
)


@pytest.mark.parametrize("error", GONE, ids=lambda error: type(error).__name__)
def test_a_dying_database_is_told_as_503_and_waited_out(error):
    assert lost_connection(error)
    assert problem_of(error).status == 503
    assert isinstance(error, AWAY)


@pytest.mark.parametrize(
    "error", [DataError("invalid input for query argument $1"), OSError("disk"), KeyError()]
)
def test_faults_of_ours_are_not_blamed_on_the_database(error):
    assert not lost_connection(error)
    assert problem_of(error).status == 500
