"""Piccolo's engine of this process: queries run inside a session or not at all."""

import contextvars
import re
from collections.abc import Collection, Iterable
from typing import Any, NoReturn, Protocol

import asyncpg
from piccolo.engine.postgres import PostgresEngine
from piccolo.querystring import QueryString

from psa_sdk.tables import Table


class TenantNotBound(RuntimeError):
    """A query outside a session: no tenant, no transaction, so nothing it could rightly see."""


class SessionEnded(RuntimeError):
    """A query on a session that has been committed, rolled back or left."""


class WriteRefused(RuntimeError):
    """A write around hooks, audit and events: rows of a resource are written through `ctx.records`."""


class Bound(Protocol):
    """What the engine needs of a session."""

    @property
    def connection(self) -> Any:
        """The session's connection; raises `SessionEnded` afterwards."""
        ...


current_session: contextvars.ContextVar[Bound | None] = contextvars.ContextVar("psa_session", default=None)

# Locking clauses and upserts also say UPDATE; what they touch is named elsewhere in the statement.
_WRITE = re.compile(
    r"""(?<!\bFOR\s)(?<!\bKEY\s)(?<!\bDO\s)
    \b(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM|MERGE\s+INTO|TRUNCATE(?:\s+TABLE)?|ALTER\s+TABLE|DROP\s+TABLE)\s+
    (?:IF\s+EXISTS\s+|ONLY\s+)*
    ("?\w+"?(?:\."?\w+"?)?)""",
    re.IGNORECASE | re.VERBOSE,
)


class SessionEngine(PostgresEngine):
    """Runs every Piccolo query on the connection of the current session."""

    __slots__ = ("_guarded",)

    def __init__(self) -> None:
        self._guarded: set[str] = set()
        super().__init__(config={})

    def guard(self, tables: Iterable[str]) -> None:
        """Refuse writes to tables given as `schema.table` from now on."""
        self._guarded.update(tables)

    async def check_version(self) -> None:
        """Do nothing: the migration runner checks the server."""

    async def prep_database(self) -> None:
        """Do nothing: no extension is needed."""

    async def run_querystring(self, querystring: QueryString, in_pool: bool = True) -> Any:
        """Run a query in the current session."""
        sql, arguments = querystring.compile_string()
        return await self._run(sql, arguments)

    async def run_ddl(self, ddl: str, in_pool: bool = True) -> Any:
        """Run a statement in the current session."""
        return await self._run(ddl, ())

    async def _run(self, sql: str, arguments: Collection[Any]) -> Any:
        session = current_session.get()
        if session is None:
            raise TenantNotBound(f"This query runs outside a unit of work: {sql[:200]}")
        for target in _WRITE.findall(sql):
            table = target.replace('"', "").lower()
            if table in self._guarded or "." not in table:
                raise WriteRefused(
                    f"{table} is written through ctx.records, so that hooks, audit and events see it."
                )
        try:
            return await session.connection.fetch(sql, *arguments)
        except asyncpg.InterfaceError as error:
            if "another operation is in progress" not in str(error):
                raise
            raise RuntimeError(
                "Two tasks use one unit of work at the same time; await its queries one after the other."
            ) from error

    async def batch(self, *_arguments: Any, **_options: Any) -> NoReturn:
        """Refuse: Piccolo's batches open a connection of their own, without the tenant."""
        raise TenantNotBound("batch() would leave the unit of work; iterate with ctx.db.stream().")

    def transaction(self, allow_nested: bool = True) -> NoReturn:
        """Refuse: the unit of work is the transaction."""
        raise TenantNotBound("The unit of work is the transaction; use ctx.savepoint() inside it.")

    def atomic(self) -> NoReturn:
        """Refuse: the unit of work is the transaction."""
        self.transaction()


engine = SessionEngine()


def bind(tables: Iterable[type[Table]], guarded: Iterable[str] = ()) -> None:
    """Make tables use the process's engine, and refuse Piccolo's writes to the `guarded` ones."""
    for table in tables:
        table._meta.db = engine
    engine.guard(guarded)
