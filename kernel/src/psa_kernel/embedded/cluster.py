"""The making of a database cluster: its files, its three roles, their passwords."""

import os
import secrets
import shutil
from pathlib import Path

import msgspec

from psa_kernel.embedded.account import Runner
from psa_kernel.embedded.binaries import ServerError, postgres_major

_TRUST_NOTHING_ELSE = """\
host all all 127.0.0.1/32 scram-sha-256
host replication all 127.0.0.1/32 scram-sha-256
"""


class Passwords(msgspec.Struct, frozen=True):
    """The generated passwords of the three roles."""

    postgres: str
    psa_owner: str
    psa_app: str


def read_passwords(directory: Path) -> Passwords:
    """Return the passwords of a server's directory, generating them at first (mode 600)."""
    path = directory / "passwords.json"
    if not path.exists():
        made = Passwords(*(secrets.token_urlsafe(24) for _ in Passwords.__struct_fields__))
        draft = path.with_suffix(".new")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(msgspec.json.encode(made))
        draft.rename(path)
    return msgspec.json.decode(path.read_bytes(), type=Passwords)


def create(runner: Runner, directory: Path) -> None:
    """Make `directory/data` beside and rename it, so that a killed attempt leaves nothing half-made.

    Raises `ServerError`.
    """
    for left in directory.glob("data.new*"):
        shutil.rmtree(left, ignore_errors=True)
    # A name of its own: the initdb of a killed attempt may still be writing into its.
    half, whole = directory / f"data.new.{os.getpid()}", directory / "data"
    shutil.rmtree(whole, ignore_errors=True)
    locale = ["--locale=C.UTF-8"]
    if postgres_major(runner.binaries) >= 17:
        locale.append("--locale-provider=builtin")
    made = runner.run(
        "initdb", "-D", half, "-U", "postgres", "-A", "reject", "-E", "UTF8", "--no-instructions", *locale
    )
    if made.returncode:
        raise ServerError(f"PostgreSQL's initdb failed in {half}:\n{made.stdout}")
    passwords = read_passwords(directory)
    roles = (
        f"ALTER ROLE postgres PASSWORD '{passwords.postgres}'\n"
        f"CREATE ROLE psa_owner LOGIN PASSWORD '{passwords.psa_owner}'\n"
        f"CREATE ROLE psa_app LOGIN NOSUPERUSER NOBYPASSRLS PASSWORD '{passwords.psa_app}'\n"
        "CREATE DATABASE psa OWNER psa_owner\n"
    )
    done = runner.run("postgres", "--single", "-D", half, "postgres", given=roles)
    if done.returncode or "ERROR" in done.stdout:
        raise ServerError(f"The database's roles couldn't be created:\n{done.stdout}")
    (half / "pg_hba.conf").write_text(_TRUST_NOTHING_ELSE)
    half.rename(whole)
