"""What a start makes sure of: the tenant, its administrator, the plugins' first data, and demonstration data."""

import asyncio
import os
import secrets
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from psa_kernel import demonstration
from psa_kernel.builtin.auth.password_change import set_password
from psa_kernel.builtin.auth.provisioning import ensure_account
from psa_kernel.builtin.tenancy import SINGLE_TENANT, provisioning
from psa_kernel.config import Config
from psa_kernel.database.pool import connect_as_owner

if TYPE_CHECKING:
    from psa_kernel.kernel import Kernel

ADMIN_EMAIL = "admin@example.com"
DEMO_SLUG = "demo"
DEMO_STAFF = (
    ("Mona Manager", "manager@example.com", "manager"),
    ("Dora Dispatcher", "dispatcher@example.com", "dispatcher"),
    ("Theo Technician", "technician@example.com", "technician"),
    ("Tara Technician", "technician2@example.com", "technician"),
    ("Finn Finance", "finance@example.com", "finance"),
)
"""Name, address and role; they share the administrator's generated password."""
DEMO_CLIENT = "client@example.com"
"""The portal account that demonstration data may have; it shares that password too."""


class Connection(msgspec.Struct, frozen=True, kw_only=True):
    """`DIR/connection.json`: how scripts reach a running installation."""

    url: str = ""
    tenant: str = ""
    admin_email: str = ADMIN_EMAIL
    admin_password: str = ""
    """The generated password; wrong once somebody changes it."""
    demo: bool = False
    """Whether the tenant holds demonstration data and people."""
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
    kernel: "Kernel", config: Config, *, demo: bool | None, progress: Callable[[str], None]
) -> Connection:
    """Complete tenant, administrator and data; returns the connection without `url`. Cheap when all is there.

    `demo=None` fills in demonstration data where the first start did so: an installation that was started
    without must not get it by an option forgotten later. Starts that collide do this one after the other.
    """
    async with _alone(config.owner_database_url):
        return await _complete(kernel, config, demo=demo, progress=progress)


@asynccontextmanager
async def _alone(url: str) -> AsyncGenerator[None]:
    connection = await connect_as_owner(url)
    try:
        # Polled: a waiting lock is a statement that the server's time limits would end.
        while not await connection.fetchval("SELECT pg_try_advisory_lock(hashtext('psa.first_start'))"):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
        yield
    finally:
        await connection.close()


async def _complete(
    kernel: "Kernel", config: Config, *, demo: bool | None, progress: Callable[[str], None]
) -> Connection:
    connection = msgspec.structs.replace(
        read_connection(config.data_dir),
        url="",
        database_url=config.database_url,
        owner_database_url=config.owner_database_url,
    )
    fresh = not await _anybody(kernel)
    if fresh:
        # Written before it is used: a start killed in between must not leave a password that nobody knows.
        password = connection.admin_password or secrets.token_urlsafe(15)
        connection = msgspec.structs.replace(connection, admin_password=password)
        write_connection(config.data_dir, connection)
        await provisioning.ensure_single(kernel, admin_email=ADMIN_EMAIL, admin_password=password)
    tenant, slug = SINGLE_TENANT, provisioning.FIRST_SLUG
    if config.multi_tenant:
        tenant, slug = await _demo_tenant(kernel, connection.admin_password), DEMO_SLUG
    await provisioning.seed_all(kernel)
    if demo is not False and (demo or fresh or await demonstration.begun(kernel, tenant)):
        await demonstration.begin(kernel, tenant)
        await _staff(kernel, tenant, connection.admin_password)
        await demonstration.fill(kernel, tenant, progress=progress)
        await _client(kernel, tenant, connection.admin_password)
    return msgspec.structs.replace(connection, tenant=slug, demo=await demonstration.begun(kernel, tenant))


async def _anybody(kernel: "Kernel") -> bool:
    """Tell whether somebody can log in to the first tenant; who does so since decides about administrators."""
    if await kernel.directory.by_id(SINGLE_TENANT) is None:
        return False
    async with kernel.unit(SINGLE_TENANT, readonly=True) as unit:
        return bool(await unit.db.fetch_value("SELECT EXISTS (SELECT FROM psa.password)"))


async def _demo_tenant(kernel: "Kernel", password: str) -> UUID:
    """Make the tenant to work in beside the operator's own."""
    tenant = await kernel.directory.by_slug(DEMO_SLUG)
    if tenant is not None:
        return tenant.id
    name, email = "Demonstration MSP", ADMIN_EMAIL
    return await provisioning.provision(
        kernel, slug=DEMO_SLUG, name=name, admin_email=email, admin_password=password
    )


async def _staff(kernel: "Kernel", tenant_id: UUID, password: str) -> None:
    """Make the people that demonstration data is about, once."""
    async with kernel.unit(tenant_id, readonly=True) as unit:
        if await unit.db.fetch_value(
            "SELECT EXISTS (SELECT FROM psa.account WHERE email = $1)", DEMO_STAFF[-1][1]
        ):
            return
    for name, email, role in DEMO_STAFF:
        await ensure_account(kernel, tenant_id, email=email, name=name, roles=(role,), password=password)


async def _client(kernel: "Kernel", tenant_id: UUID, password: str) -> None:
    """Let the demonstration's client log in to the portal, where a plugin has made one."""
    async with kernel.unit(tenant_id, readonly=True) as unit:
        invited: UUID | None = await unit.db.fetch_value(
            "SELECT id FROM psa.account WHERE audience = 'portal' AND status = 'invited' AND email = $1",
            DEMO_CLIENT,
        )
    if invited is not None and password:
        await set_password(kernel, tenant_id, invited, password)
