"""Sessions: one connection, one transaction, one tenant."""

import contextlib
import contextvars
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, Final, Self, TypeVar
from uuid import UUID

import asyncpg

from psa_kernel.database.engine import Bound, SessionEnded, current_session
from psa_kernel.database.outages import CANNOT_CONNECT, lost_connection
from psa_kernel.database.pool import Connection, Pool
from psa_sdk.errors import Unavailable

T = TypeVar("T")
ACQUIRE_SECONDS: Final = 5.0


class Session:
    """A transaction bound to a tenant.

    Entering takes one connection and sends `BEGIN` with the tenant as one message; leaving commits, or rolls
    back when an exception passes. `commit()` and `rollback()` settle earlier and give the connection back at
    once. Without a tenant nothing of any tenant is visible (multi-tenant mode): that is for the platform's own
    work through its narrow functions. Raises `Unavailable` when no connection is to be had.

    The session belongs to one task at a time; queries after its end raise `SessionEnded`.
    """

    def __init__(
        self,
        pool: Pool,
        *,
        tenant_id: UUID | None,
        multi_tenant: bool,
        actor_id: UUID | None = None,
        company_id: UUID | None = None,
        readonly: bool = False,
        acquire_timeout: float = ACQUIRE_SECONDS,
    ) -> None:
        """Prepare; nothing happens before `async with`. `acquire_timeout` is in seconds."""
        self._pool = pool
        self._acquire_timeout = acquire_timeout
        self.readonly = readonly
        self._connection: Connection | None = None
        self._token: contextvars.Token[Bound | None] | None = None
        self._savepoints = 0
        self._nesting = 0
        self.asked = 0
        """How often the connection was taken: where it hasn't grown, nothing was asked of the database."""
        parts = ["BEGIN READ ONLY" if readonly else "BEGIN"]
        bound = {"current_tenant": tenant_id if multi_tenant else None}
        bound |= {"current_company": company_id, "actor_id": actor_id}
        # UUID() again, because SET takes no parameters: nothing but an identifier may get into the text.
        parts += [f"SET LOCAL app.{name}='{UUID(str(value))}'" for name, value in bound.items() if value]
        self._begin = "; ".join(parts)

    @property
    def connection(self) -> Connection:
        """The connection; raises `SessionEnded` before and after."""
        if self._connection is None:
            raise SessionEnded(
                "This unit of work has ended; background work needs its own (ctx.send, kernel.unit)."
            )
        self.asked += 1
        return self._connection

    @property
    def ended(self) -> bool:
        """Whether there is no transaction: not entered yet, or settled."""
        return self._connection is None

    async def __aenter__(self) -> Self:
        self._connection, _ = await _asked(
            self._pool, self._acquire_timeout, lambda connection: connection.execute(self._begin)
        )
        self._token = current_session.set(self)
        return self

    async def commit(self) -> None:
        """Commit and give the connection back, also when the commit fails."""
        try:
            await self.connection.execute("COMMIT")
        finally:
            await self._release()

    async def rollback(self) -> None:
        """Roll back and give the connection back."""
        if self._connection is None:
            raise SessionEnded("This unit of work has ended already.")
        try:
            # Where this can't be said, because a statement was cancelled or the server is gone, the pool does it.
            with contextlib.suppress(asyncpg.InterfaceError, asyncpg.PostgresError, OSError):
                await self._connection.execute("ROLLBACK")
        finally:
            await self._release()

    @asynccontextmanager
    async def outside(self) -> AsyncGenerator[None]:
        """Commit, hold no connection inside, and begin again; ended for good when an exception passes."""
        if self._nesting:
            raise RuntimeError("A savepoint is open; go outside before or after it.")
        await self.commit()
        yield
        self._connection, _ = await _asked(
            self._pool, self._acquire_timeout, lambda connection: connection.execute(self._begin)
        )

    async def _release(self) -> None:
        # The pool rolls back what is still open, shielded from cancellation.
        connection, self._connection = self._connection, None
        if connection is not None:
            await self._pool.release(connection)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if self._connection is not None:
                await (self.commit() if kind is None else self.rollback())
        finally:
            if self._token is not None:
                # An answer in parts ends in another task than it began: nothing to reset there.
                with contextlib.suppress(ValueError):
                    current_session.reset(self._token)

    @asynccontextmanager
    async def savepoint(self) -> AsyncGenerator[None]:
        """Undo only what happened inside when an exception passes; nests."""
        self._savepoints += 1
        name = f"sp_{self._savepoints}"
        await self.connection.execute(f"SAVEPOINT {name}")
        self._nesting += 1
        try:
            yield
        except BaseException:
            if self._connection is not None:
                await self._connection.execute(f"ROLLBACK TO SAVEPOINT {name}; RELEASE SAVEPOINT {name}")
            raise
        finally:
            self._nesting -= 1
        await self.connection.execute(f"RELEASE SAVEPOINT {name}")


async def read_once(pool: Pool, query: str, *arguments: object) -> Mapping[str, Any] | None:
    """Return the row of a query that needs no tenant, in one round trip: no unit of work, no transaction of its own.

    Raises `Unavailable` when no connection is to be had.
    """

    async def row_of(connection: Connection) -> Any:
        return await connection.fetchrow(query, *arguments)

    connection, row = await _asked(pool, ACQUIRE_SECONDS, row_of)
    await pool.release(connection)
    return row


async def _asked(
    pool: Pool, seconds: float, ask: Callable[[Connection], Awaitable[T]]
) -> tuple[Connection, T]:
    """Take a connection and ask its first question; one that died in the pool is replaced."""
    for attempt in (1, 2):
        try:
            connection: Any = await pool.acquire(timeout=seconds)
        except TimeoutError as error:
            raise Unavailable("All database connections are busy; try again shortly.") from error
        except CANNOT_CONNECT as error:
            raise Unavailable("The database can't be reached; try again shortly.") from error
        try:
            return connection, await ask(connection)
        except Exception as error:
            if not lost_connection(error):
                await pool.release(connection)
                raise
            # It died while idle, perhaps all of them did; nothing was sent that could be lost.
            with contextlib.suppress(asyncpg.InterfaceError):  # the pool may have noticed, and taken it back
                connection.terminate()
            await pool.release(connection)
            await pool.expire_connections()
            if attempt == 2:
                raise Unavailable("The database can't be reached; try again shortly.") from error
        except BaseException:
            await pool.release(connection)
            raise
    raise AssertionError("unreachable")
