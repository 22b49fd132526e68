"""`psa tenants`: the organisations of this installation."""

import secrets
from pathlib import Path
from typing import TextIO

import click

from psa_kernel.builtin.tenancy import lifecycle, provisioning
from psa_kernel.builtin.tenancy.exporting import export_tenant
from psa_kernel.builtin.tenancy.importing import import_tenant
from psa_kernel.cli.application import chosen_tenant, with_kernel
from psa_kernel.cli.listing import print_rows
from psa_kernel.cli.options import configured, json_option, tenant_option
from psa_kernel.config import Config
from psa_kernel.database.platform import SINGLE_TENANT
from psa_kernel.database.session import Session
from psa_kernel.kernel import Kernel


@click.group()
def tenants() -> None:
    """List, make, suspend, activate, delete, export or import tenants."""


@tenants.command("list")
@configured
@json_option
def list_tenants(config: Config, as_json: bool) -> None:
    """List all tenants, oldest first."""

    async def work(kernel: Kernel) -> list[dict[str, object]]:
        multi_tenant = kernel.config.multi_tenant
        async with Session(kernel.pool, tenant_id=None, multi_tenant=multi_tenant, readonly=True) as session:
            rows = await session.connection.fetch(
                "SELECT slug, name, status, timezone, id FROM psa.tenant ORDER BY created_at, id"
            )
        return [dict(row) for row in rows]

    print_rows(
        with_kernel(config, work),
        as_json=as_json,
        nothing="No tenant yet: run `psa up` or `psa tenants create`.",
    )


@tenants.command()
@click.argument("slug")
@click.option("--name", help="What people call it [the slug].")
@click.option("--admin-email", default="", help="Its first administrator.")
@click.option("--timezone", default="UTC", help="Its IANA zone [UTC].")
@click.option("--currency", default="USD", help="Its ISO 4217 currency [USD].")
@configured
def create(
    config: Config, slug: str, name: str | None, admin_email: str, timezone: str, currency: str
) -> None:
    """Make a tenant with its keys, first data and administrator. Repeating completes what is missing.

    `main` is the only one, or the operator's own where there are several.
    """
    if not config.multi_tenant and slug != provisioning.FIRST_SLUG:
        raise click.ClickException(
            f"This installation has one tenant, {provisioning.FIRST_SLUG}: use that, or --tenancy multi."
        )
    password = secrets.token_urlsafe(15) if admin_email else ""

    async def work(kernel: Kernel) -> None:
        await provisioning.provision(
            kernel,
            slug=slug,
            name=name or slug,
            admin_email=admin_email,
            admin_password=password,
            timezone=timezone,
            currency=currency,
            tenant_id=SINGLE_TENANT if slug == provisioning.FIRST_SLUG else None,
        )

    with_kernel(config, work)
    click.echo(f"Tenant {slug} is ready.")
    if admin_email:
        click.echo(f"Log in:  {admin_email}  {password}  (unless they were there already)")


@tenants.command()
@click.argument("slug")
@click.option("--reason", default="", help="Goes into the audit log.")
@configured
def suspend(config: Config, slug: str, reason: str) -> None:
    """Stop a tenant; its data stays."""

    async def work(kernel: Kernel) -> None:
        tenant = await chosen_tenant(kernel, slug)
        async with kernel.unit(SINGLE_TENANT) as unit:
            await lifecycle.suspend(unit, tenant, reason=reason)

    with_kernel(config, work)
    click.echo(f"{slug} is suspended.")


@tenants.command()
@click.argument("slug")
@configured
def activate(config: Config, slug: str) -> None:
    """Let a suspended tenant work again, also within the grace of a deletion."""

    async def work(kernel: Kernel) -> None:
        tenant = await chosen_tenant(kernel, slug)
        async with kernel.unit(SINGLE_TENANT) as unit:
            await lifecycle.activate(unit, tenant)

    with_kernel(config, work)
    click.echo(f"{slug} is active.")


@tenants.command()
@click.argument("slug")
@click.confirmation_option(prompt="Everything of this tenant is erased after 30 days. Go on?")
@configured
def delete(config: Config, slug: str) -> None:
    """Suspend a tenant now and erase it after 30 days; `activate` takes it back until then."""

    async def work(kernel: Kernel) -> str:
        tenant = await chosen_tenant(kernel, slug)
        async with kernel.unit(SINGLE_TENANT) as unit:
            return f"{await lifecycle.delete(unit, tenant):%Y-%m-%d}"

    click.echo(f"{slug} is suspended and erased on {with_kernel(config, work)}.")


@tenants.command("export")
@click.argument("path", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--passphrase-file", type=click.File("r"), help="Seal secrets under its first line.")
@tenant_option
@configured
def export_archive(config: Config, path: Path, passphrase_file: TextIO | None, tenant: str) -> None:
    """Write a tenant's data to a zip of JSON lines; secrets only with a passphrase."""
    passphrase = passphrase_file.readline().rstrip("\n") if passphrase_file else ""

    async def work(kernel: Kernel) -> dict[str, int]:
        return await export_tenant(kernel, await chosen_tenant(kernel, tenant), path, passphrase=passphrase)

    counts = with_kernel(config, work)
    click.echo(f"{path}: {sum(counts.values())} rows of {len(counts)} tables.")


@tenants.command("import")
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--slug", default="", help="The new tenant's slug [the archive's].")
@click.option("--name", default="", help="Its name [the archive's].")
@click.option("--passphrase-file", type=click.File("r"), help="Open secrets with its first line.")
@configured
def import_archive(config: Config, path: Path, slug: str, name: str, passphrase_file: TextIO | None) -> None:
    """Make a tenant out of an archive, all or nothing. Its people set new passwords."""
    passphrase = passphrase_file.readline().rstrip("\n") if passphrase_file else ""

    async def work(kernel: Kernel) -> str:
        made = await import_tenant(kernel, path, slug=slug, name=name, passphrase=passphrase)
        found = await kernel.directory.by_id(made)
        return found.slug if found else str(made)

    click.echo(f"Tenant {with_kernel(config, work)} is ready.")
