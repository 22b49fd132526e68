"""Run a program as an ordinary user of a user namespace of its own: `python user_namespace.py PROGRAM ARG…`.

PostgreSQL refuses to run as root. Inside the namespace the program is uid 65534, outside its files stay
root's; no account is created and no directory is opened to others. Exits with 112 when the system refuses.
Executed by path with `-I -S`, so that it starts in milliseconds: imports nothing of ours.
"""

import ctypes
import os
import sys

CLONE_NEWUSER = 0x10000000
NOBODY = 65534
REFUSED = 112


def main(command: list[str]) -> None:
    """Enter a new user namespace and become the program."""
    uid, gid = os.geteuid(), os.getegid()
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWUSER):
        sys.exit(REFUSED)
    maps = {"setgroups": "deny", "uid_map": f"{NOBODY} {uid} 1", "gid_map": f"{NOBODY} {gid} 1"}
    try:
        for name, content in maps.items():
            descriptor = os.open(f"/proc/self/{name}", os.O_WRONLY)
            os.write(descriptor, content.encode())
            os.close(descriptor)
    except OSError:
        sys.exit(REFUSED)
    os.execv(command[0], command)  # noqa: S606 - the caller's program, no shell


if __name__ == "__main__":
    main(sys.argv[1:])
