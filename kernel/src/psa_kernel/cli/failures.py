"""The failures that an operator can do something about, as sentences."""

import asyncpg
import redis

from psa_kernel.backup import BackupError
from psa_kernel.boot import BootError
from psa_kernel.database.converge import ConvergeError
from psa_kernel.database.migrations import MigrationError
from psa_kernel.database.platform import DatabaseUnfit
from psa_kernel.embedded import ServerError
from psa_kernel.kernel import IsolationMissing
from psa_kernel.master_key import UnusableKey
from psa_sdk.errors import Problem

EXPECTED = (
    BackupError,
    BootError,
    ConvergeError,
    DatabaseUnfit,
    IsolationMissing,
    MigrationError,
    OSError,
    Problem,
    ServerError,
    UnusableKey,
    asyncpg.PostgresConnectionError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.UndefinedTableError,
    asyncpg.InvalidSchemaNameError,
    redis.RedisError,
)


def sentence(error: Exception) -> str:
    """Return what to tell the operator, with the remedy where we know one."""
    match error:
        case asyncpg.UndefinedTableError() | asyncpg.InvalidSchemaNameError():
            return f"The database isn't migrated ({error}): run `psa migrate`."
        case asyncpg.InvalidAuthorizationSpecificationError() | asyncpg.InvalidCatalogNameError():
            return f"PostgreSQL refuses the connection ({error}): check PSA_DATABASE_URL and the roles' passwords."
        case asyncpg.PostgresConnectionError():
            return f"PostgreSQL can't be reached ({error}): check PSA_DATABASE_URL and that the server runs."
        case redis.AuthenticationError():
            return f"Redis refuses the password ({error}): check PSA_REDIS_URL."
        case redis.RedisError():
            return f"Redis can't be used ({error}): check PSA_REDIS_URL and that the server runs."
        case Problem():
            return "\n".join(fault.detail for fault in error.faults)
        case ConnectionError():
            return f"{error}: check the addresses in PSA_DATABASE_URL and PSA_REDIS_URL."
        case OSError(filename=str() | bytes() as path, strerror=str(reason)):
            return f"{path} can't be used: {reason}."
        case OSError(strerror=str(reason)):
            return f"{reason}."
        case _:
            return str(error)
