"""The place that a backup is restored to: it must be empty, or be emptied on request."""

import shutil

import asyncpg

from psa_kernel.backup.archive import BackupError, stored_files
from psa_kernel.config import Config
from psa_kernel.database.schema import quoted

_OURS = """
SELECT nspname::text FROM pg_namespace
WHERE nspname !~ '^(pg_|information_schema$|public$)' AND pg_has_role(nspowner, 'MEMBER') ORDER BY 1
"""
_OTHERS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND application_name LIKE 'psa%' AND pid <> pg_backend_pid()
"""


async def prepare(config: Config, *, force: bool) -> None:
    """Make sure that the database and the data directory are empty; `force` empties them.

    Raises `BackupError` when they aren't, or when something still uses the database.
    """
    connection = await asyncpg.connect(config.owner_database_url)
    try:
        users = await connection.fetchval(_OTHERS)
        if users:
            raise BackupError(f"{users} connections still use the database: stop every psa process first.")
        schemas = [row["nspname"] for row in await connection.fetch(_OURS)]
        files = stored_files(config.data_dir)
        if (schemas or files) and not force:
            raise BackupError(
                f"The target isn't empty ({len(schemas)} schemas, {len(files)} files): restore elsewhere with "
                "--data-dir or PSA_DATABASE_URL, or replace everything with --force."
            )
        # One schema at a time: dropping all at once would need a lock for every table together.
        for schema in schemas:
            await connection.execute(f"DROP SCHEMA {quoted(schema)} CASCADE")
    finally:
        await connection.close()
    if files:
        shutil.rmtree(config.data_dir / "files")


async def analyze(config: Config) -> None:
    """Collect the statistics that a dump doesn't carry; without them the first queries are planned badly."""
    connection = await asyncpg.connect(config.owner_database_url)
    try:
        await connection.execute("ANALYZE")
    finally:
        await connection.close()
