"""What runs on this machine, as far as a server's left-over process file needs judging."""

import subprocess
from pathlib import Path

_PROC = Path("/proc")


def command_line(pid: int) -> str:
    """Return a process's command line, empty when there's no such process."""
    if _PROC.is_dir():
        try:
            return (_PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            return ""
    answer = subprocess.run(  # noqa: S603
        ["/bin/ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return answer.stdout.strip()


def stray_lock(data: Path) -> bool:
    """Tell whether `postmaster.pid` names a living process that isn't this directory's server.

    PostgreSQL then refuses to start for ever (typical for containers, where process ids repeat). It is only
    stray when no process works in the directory any more: left-over backends still use the memory.
    """
    try:
        pid = int((data / "postmaster.pid").read_text().split(maxsplit=1)[0])
    except (OSError, ValueError, IndexError):
        return False
    other = command_line(pid)
    return bool(other) and str(data) not in other and not _anyone_in(data)


def _anyone_in(directory: Path) -> bool:
    for link in _PROC.glob("[0-9]*/cwd"):
        try:
            if link.readlink() == directory:
                return True
        except OSError:
            continue
    return False
