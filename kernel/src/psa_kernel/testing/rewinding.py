"""A database put back to what it held after each test: a tenth of the work of a new copy, and its connections stay."""

import asyncpg

from psa_kernel.database.pool import Connection

_TABLES = """
    SELECT c.oid::regclass::text AS name, format('%I', c.oid) AS copy, array_agg(quote_ident(a.attname)) AS columns
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND a.attnum > 0
      AND NOT a.attisdropped AND a.attgenerated = ''
      AND c.relnamespace::regnamespace::text NOT IN ('pg_catalog', 'information_schema')
    GROUP BY c.oid
"""

_SEQUENCES = "SELECT oid::int8 AS oid, oid::regclass::text AS name FROM pg_class WHERE relkind = 'S'"
# Tenants have sequences of their own, made when they first count.
_DROP_NEW = """
    DO $$ DECLARE made regclass; BEGIN
        FOR made IN SELECT oid FROM pg_class WHERE relkind = 'S' AND oid <> ALL ('{%s}'::oid[]) LOOP
            EXECUTE 'DROP SEQUENCE ' || made;
        END LOOP;
    END $$
"""


class Rewinding:
    """What the tables and sequences of a database hold now. Their definitions are left as they are."""

    def __init__(self, superuser: Connection, statements: str) -> None:
        """Use `Rewinding.at`."""
        self._superuser = superuser
        self._statements = statements

    @classmethod
    async def at(cls, url: str) -> "Rewinding":
        """Keep what is there, over a superuser's connection."""
        superuser = await asyncpg.connect(url, server_settings={"lock_timeout": "20s"})
        # Whatever refers to a row or forbids to delete it is put back, too.
        back = ["SET LOCAL session_replication_role = replica"]
        tables = await superuser.fetch(_TABLES)
        await superuser.execute("CREATE SCHEMA kept")
        for table in tables:
            back.append(f"DELETE FROM {table['name']}")
            if await superuser.fetchval(f"SELECT EXISTS (SELECT FROM {table['name']})"):
                columns, copy = ", ".join(table["columns"]), f"kept.{table['copy']}"
                # Under other names: what looks for all tables with a tenant finds no more than before.
                names = ", ".join(f"c{number}" for number in range(len(table["columns"])))
                await superuser.execute(
                    f"CREATE TABLE {copy} ({names}) AS SELECT {columns} FROM {table['name']}"
                )
                back.append(
                    f"INSERT INTO {table['name']} ({columns}) OVERRIDING SYSTEM VALUE SELECT {names} FROM {copy}"
                )
        sequences = await superuser.fetch(_SEQUENCES)
        for sequence in sequences:
            last, called = await superuser.fetchrow(f"SELECT last_value, is_called FROM {sequence['name']}")
            back.append(f"SELECT setval({sequence['oid']}::regclass, {last}, {called})")
        back.append(_DROP_NEW % ",".join(str(sequence["oid"]) for sequence in sequences))
        return cls(superuser, "; ".join(back))

    async def rewind(self) -> None:
        """Put it back."""
        async with self._superuser.transaction():
            await self._superuser.execute(self._statements)

    async def close(self) -> None:
        """Disconnect."""
        await self._superuser.close()
