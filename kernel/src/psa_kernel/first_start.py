"""What a start makes sure of: the tenant, its administrator, the plugins' first data, and demonstration data."""

import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from psa_kernel import demonstration
from psa_kernel.builtin.tenancy import provisioning
from psa_kernel.config import Config

if TYPE_CHECKING:
    from psa_kernel.kernel import Kernel

ADMIN_EMAIL = "admin@example.com"
DEMO_SLUG = "demo"


class Connection(msgspec.Struct, frozen=True, kw_only=True):
    """`DIR/connection.json`: how scripts reach a running installation."""

    url: str = ""
    tenant: str = ""
    admin_email: str = ADMIN_EMAIL
    admin_password: str = ""
    """The generated password; wrong once somebody changes it."""
    database_url: str = ""
    owner_database_url: str = ""


def read_connection(data_dir: Path) -> Connection:
    """Return what the last start wrote, or nothing but defaults."""
    try:
        return msgspec.json.decode((data_dir / "connection.json").read_bytes(), type=Connection)
    except (OSError, msgspec.DecodeError):
        return Connection()


def write_connection(data_dir: Path, connection: Connection) -> None:
    """Write the file whole, readable only by its owner."""
    draft = data_dir / f".connection.json.{os.getpid()}"
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(connection)) + b"\n")
    draft.rename(data_dir / "connection.json")


async def make_sure(
    kernel: "Kernel", config: Config, *, demo: bool, progress: Callable[[str], None]
) -> Connection:
    """Complete tenant, administrator and data; returns the connection without `url`. Cheap when all is there."""
    known = read_connection(config.data_dir)
    password = known.admin_password or secrets.token_urlsafe(15)
    # Written before it is used: a start killed in between must not leave a password that nobody knows.
    started = msgspec.structs.replace(
        known,
        admin_password=password,
        database_url=config.database_url,
        owner_database_url=config.owner_database_url,
    )
    write_connection(config.data_dir, started)
    tenant = await _tenant(kernel, config, password)
    await provisioning.seed_all(kernel)
    if demo:
        await demonstration.fill(kernel, tenant[0], progress=progress)
    return msgspec.structs.replace(started, tenant=tenant[1])


async def _tenant(kernel: "Kernel", config: Config, password: str) -> tuple[UUID, str]:
    """Make the only tenant, or the operator's own and one to work in."""
    own = await provisioning.ensure_single(kernel, admin_email=ADMIN_EMAIL, admin_password=password)
    if not config.multi_tenant:
        return own, provisioning.FIRST_SLUG
    demo = await provisioning.provision(
        kernel,
        slug=DEMO_SLUG,
        name="Demonstration MSP",
        admin_email=ADMIN_EMAIL,
        admin_password=password,
    )
    return demo, DEMO_SLUG
