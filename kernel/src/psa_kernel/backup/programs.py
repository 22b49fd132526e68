"""PostgreSQL's client programs, with their progress told and the password off the command line."""

import os
import subprocess
from collections.abc import Sequence
from urllib.parse import parse_qsl, unquote, urlsplit

from psa_kernel.backup.archive import BackupError, Progress
from psa_kernel.embedded.binaries import postgres_binaries


def run(program: str, url: str, arguments: Sequence[str], *, line: str, progress: Progress) -> None:
    """Run a program on a database; each line of its report that contains `line` is progress.

    Raises `BackupError` with what the program said.
    """
    command = [str(postgres_binaries() / program), "--verbose", *arguments]
    said: list[str] = []
    with subprocess.Popen(  # noqa: S603
        command, env=_environment(url), stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as running:
        assert running.stderr is not None
        for text in running.stderr:
            said = [*said[-9:], text.strip()]
            if line in text:
                progress(text.split(line, 1)[1].strip().strip('"'))
    if running.returncode:
        errors = [text for text in said if "error" in text.lower()]
        raise BackupError(f"{program} failed: {' '.join(errors or said)}")


def database_of(url: str) -> str:
    """Return the database's name in a URL."""
    return unquote(urlsplit(url).path.lstrip("/"))


def _environment(url: str) -> dict[str, str]:
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query))
    facts = {
        "PGHOST": parts.hostname or options.get("host", ""),
        "PGPORT": str(parts.port or 5432),
        "PGUSER": unquote(parts.username or ""),
        "PGPASSWORD": unquote(parts.password or ""),
        "PGDATABASE": database_of(url),
        "PGSSLMODE": options.get("sslmode", ""),
        "PGAPPNAME": "psa-backup",
    }
    return {**os.environ, "LC_ALL": "C", **{name: value for name, value in facts.items() if value}}
