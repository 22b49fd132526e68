"""The archive: an uncompressed tar of `database.dump`, `master.key`, `files/…` and `contents.json`."""

import contextlib
import datetime
import hashlib
import os
import re
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path

import msgspec

FORMAT = 1
Progress = Callable[[str], None]
"""Told what is being worked on: called for each table and file."""

_MEMBER = re.compile(r"contents\.json|database\.dump|master\.key|files(/[A-Za-z0-9_-][A-Za-z0-9._-]*)+")


class BackupError(Exception):
    """A backup can't be made or restored; the text says why and what to do."""


class Contents(msgspec.Struct, frozen=True, kw_only=True):
    """What an archive says about itself; `plugins` maps names to versions."""

    format: int = FORMAT
    made_at: datetime.datetime
    tenancy: str
    plugins: dict[str, str]
    dump_sha256: str
    files: int = 0
    master_key: bool = False


def sha256(path: Path) -> str:
    """Return a file's SHA-256 in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def pack(archive: Path, contents: Contents, dump: Path, data_dir: Path, progress: Progress) -> Contents:
    """Write an archive that only its owner can read, whole or not at all; returns the contents with `files` counted.

    A file that is deleted meanwhile is left out, as its row is gone too.
    """
    draft = archive.with_name(f".{archive.name}.{os.getpid()}")
    facts = dump.with_name("contents.json")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as sink:
            with tarfile.open(fileobj=sink, mode="w") as tar:
                tar.add(dump, "database.dump")
                if contents.master_key:
                    tar.add(data_dir / "master.key", "master.key")
                count = 0
                for path in stored_files(data_dir):
                    progress(path.name)
                    with contextlib.suppress(FileNotFoundError):
                        tar.add(path, str(path.relative_to(data_dir)))
                        count += 1
                contents = msgspec.structs.replace(contents, files=count)
                facts.write_bytes(msgspec.json.encode(contents))
                tar.add(facts, "contents.json")
            sink.flush()
            os.fsync(sink.fileno())
        draft.rename(archive)
    finally:
        draft.unlink(missing_ok=True)
    return contents


def stored_files(data_dir: Path) -> list[Path]:
    """Return the blobs of the disk store, in a fixed order, without those still being written."""
    paths = (data_dir / "files").rglob("*")
    return sorted(path for path in paths if path.is_file() and not path.name.startswith("."))


def contents_of(archive: Path) -> Contents:
    """Read what an archive says about itself; raises `BackupError` for anything else than our archives."""
    try:
        with tarfile.open(archive) as tar:
            member = tar.extractfile("contents.json")
            contents = msgspec.json.decode(member.read() if member else b"", type=Contents)
    except (tarfile.TarError, KeyError, msgspec.DecodeError) as error:
        raise BackupError(f"{archive} is no backup of PSA ({error}).") from error
    if contents.format != FORMAT:
        raise BackupError(
            f"{archive} has format {contents.format}, and this version reads {FORMAT}: install the version that "
            "made it."
        )
    return contents


def unpack(archive: Path, place: Path, progress: Progress) -> Contents:
    """Unpack into an empty directory; raises `BackupError` when the archive is damaged or holds strange paths."""
    contents = contents_of(archive)
    try:
        with tarfile.open(archive) as tar:
            for member in tar:
                source = tar.extractfile(member)
                if source is None or not _MEMBER.fullmatch(member.name):
                    raise BackupError(f"{archive} holds {member.name!r}, which no backup of PSA has.")
                progress(member.name)
                target = place / member.name
                target.parent.mkdir(parents=True, exist_ok=True)
                with source, target.open("wb") as sink:
                    shutil.copyfileobj(source, sink)
    except tarfile.TarError as error:
        raise BackupError(f"{archive} is damaged ({error}): use another backup.") from error
    dump = place / "database.dump"
    if (
        not dump.exists()
        or sha256(dump) != contents.dump_sha256
        or len(stored_files(place)) != contents.files
    ):
        raise BackupError(f"{archive} is damaged: it doesn't hold what it says. Use another backup.")
    return contents
