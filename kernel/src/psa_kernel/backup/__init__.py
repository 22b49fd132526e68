"""Backup and restore: the database, the files and the master key in one archive."""

import asyncio
import datetime
import tempfile
from importlib import metadata
from pathlib import Path

from psa_kernel.backup.archive import (
    BackupError,
    Contents,
    Progress,
    contents_of,
    pack,
    sha256,
    stored_files,
    unpack,
)
from psa_kernel.backup.programs import database_of, run
from psa_kernel.backup.target import analyze, prepare
from psa_kernel.config import Config

__all__ = ["BackupError", "Contents", "contents_of", "make", "restore"]


def make(config: Config, archive: Path, *, with_key: bool, progress: Progress) -> Contents:
    """Write an archive (mode 600) of a running or stopped installation; `config` has its URLs filled in.

    Files are content-addressed and written before the rows that name them, so copying them after the dump
    loses none. Raises `BackupError`.
    """
    if not archive.parent.is_dir():
        raise BackupError(f"{archive.parent} is no directory: make it or choose another place.")
    with tempfile.TemporaryDirectory(dir=archive.parent, prefix=".psa-backup-") as place:
        dump = Path(place) / "database.dump"
        # As the owner, whose own policy shows all rows under row-level security.
        options = [
            "--format=custom",
            "--no-owner",
            "--no-comments",
            "--enable-row-security",
            f"--file={dump}",
        ]
        run(
            "pg_dump", config.owner_database_url, options, line="dumping contents of table", progress=progress
        )
        contents = Contents(
            made_at=datetime.datetime.now(datetime.UTC),
            tenancy=config.tenancy,
            plugins=_installed(),
            dump_sha256=sha256(dump),
            master_key=with_key and (config.data_dir / "master.key").exists(),
        )
        return pack(archive, contents, dump, config.data_dir, progress)


def restore(config: Config, archive: Path, *, force: bool, progress: Progress) -> Contents:
    """Bring an archive back; `config` has its URLs filled in. The dump goes in as one transaction.

    Raises `BackupError`, before anything is changed when the archive or the target is unfit.
    """
    with tempfile.TemporaryDirectory(dir=config.data_dir, prefix=".psa-restore-") as name:
        place = Path(name)
        contents = unpack(archive, place, progress)
        asyncio.run(prepare(config, force=force))
        dump = str(place / "database.dump")
        target = f"--dbname={database_of(config.owner_database_url)}"
        options = [target, "--no-owner", "--single-transaction", "--exit-on-error", dump]
        run(
            "pg_restore",
            config.owner_database_url,
            options,
            line="processing data for table",
            progress=progress,
        )
        asyncio.run(analyze(config))
        for path in stored_files(place):
            put = config.data_dir / path.relative_to(place)
            put.parent.mkdir(parents=True, exist_ok=True)
            path.replace(put)
        if contents.master_key:
            key = place / "master.key"
            key.chmod(0o600)
            key.replace(config.data_dir / "master.key")
    return contents


def _installed() -> dict[str, str]:
    """Return the versions of installed plugins without importing them: a backup is due when one is broken."""
    entries = metadata.entry_points(group="psa.plugins")
    return {entry.name: entry.dist.version if entry.dist else "" for entry in entries}
