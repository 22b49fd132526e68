"""SQL for plugin code, inside the unit of work."""

from collections.abc import AsyncIterator
from typing import Any

from psa_kernel.database.session import Session
from psa_sdk.context import Row


class TenantSql:
    """Implements `psa_sdk.Database` on a session's connection."""

    def __init__(self, session: Session, tenant_id: object) -> None:
        """Run statements in a session; the tenant is part of lock keys."""
        self._session = session
        self._tenant_id = tenant_id

    async def fetch(self, sql: str, *arguments: object) -> list[Row]:
        """Return all rows."""
        return await self._session.connection.fetch(sql, *arguments)  # pyright: ignore[reportReturnType]

    async def fetch_one(self, sql: str, *arguments: object) -> Row | None:
        """Return the first row."""
        return await self._session.connection.fetchrow(sql, *arguments)  # pyright: ignore[reportReturnType]

    async def fetch_value(self, sql: str, *arguments: object) -> Any:
        """Return the first column of the first row."""
        return await self._session.connection.fetchval(sql, *arguments)

    async def execute(self, sql: str, *arguments: object) -> str:
        """Run a statement and return its command tag."""
        return await self._session.connection.execute(sql, *arguments)

    async def stream(self, sql: str, *arguments: object, prefetch: int = 500) -> AsyncIterator[Row]:
        """Iterate over rows with a cursor, for exports."""
        async for row in self._session.connection.cursor(sql, *arguments, prefetch=prefetch):
            yield row

    async def lock(self, *key: object) -> None:
        """Take a transaction-long advisory lock; the tenant is part of the key."""
        text = "|".join(str(part) for part in (self._tenant_id, *key))
        await self.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", text)
