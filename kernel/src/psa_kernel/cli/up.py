"""`psa up`: everything in one process, with embedded servers as children where the operator has none."""

import asyncio
import socket
import time

import click
import msgspec

from psa_kernel.boot import load
from psa_kernel.cli.options import configured
from psa_kernel.config import Config
from psa_kernel.database.migrations import migrate
from psa_kernel.embedded import servers
from psa_kernel.first_start import DEMO_CLIENT, DEMO_STAFF, Connection, make_sure, write_connection
from psa_kernel.http.app import create_app
from psa_kernel.jobs.background import Background
from psa_kernel.kernel import Kernel
from psa_kernel.process import run
from psa_kernel.registry import Registry
from psa_kernel.server import address, bind, listening, serve, stop_on_signals


@click.command()
@click.option("--host", help="The address to listen on [127.0.0.1].")
@click.option("--port", type=click.IntRange(0, 65535), help="The port; 0 picks a free one [8080].")
@click.option("--demo/--no-demo", default=None, help="Fill a demonstration MSP [yes, at the first start].")
@configured
def up(config: Config, demo: bool | None) -> None:
    """Start everything: PostgreSQL, Valkey, HTTP, worker and scheduler. Ctrl-C stops it all.

    `DIR/connection.json` then tells scripts the address and the administrator's log-in.
    """
    config.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    with bind(config) as listener, servers(listening(config, listener)) as ready:
        registry = load(ready)
        if ready.database_url != config.database_url:
            click.echo(f"PostgreSQL and Valkey run in {config.data_dir.absolute()}.")
        run(_run(ready, registry, listener, demo=demo))
    click.echo("Stopped.")


async def _run(config: Config, registry: Registry, listener: socket.socket, *, demo: bool | None) -> None:
    stop = asyncio.Event()
    stop_on_signals(stop)
    done = await migrate(config.owner_database_url, registry, multi_tenant=config.multi_tenant)
    if done.applied:
        click.echo(f"{len(done.applied)} migrations ran.")
    async with Kernel.open(config, registry) as kernel:
        began = time.perf_counter()
        connection = await make_sure(kernel, config, demo=demo, progress=_filling)
        if time.perf_counter() - began > 1:
            click.echo(f"Data is ready after {time.perf_counter() - began:.1f} s.")
        connection = msgspec.structs.replace(connection, url=address(listener))

        async def ready() -> None:
            write_connection(config.data_dir, connection)
            _announce(config, connection, _portal(registry))

        async with Background(kernel):
            await serve(create_app(kernel), listener, stop, ready=ready, leaving=kernel.live.close)


def _filling(title: str) -> None:
    click.echo(f"Filling in demonstration data: {title}")


def _portal(registry: Registry) -> str:
    """Return where clients log in: the page of a shell for them, else the route."""
    frames = (frame for plugin in registry.plugins.values() for frame in plugin.manifest.ui.frames)
    found = next((frame.prefix for frame in frames if frame.audience == "portal"), "")
    return f"{found}/" if found else "/api/v1/portal/auth/login"


def _announce(config: Config, connection: Connection, portal: str) -> None:
    click.secho(f"\nPSA is ready at {connection.url}", bold=True)
    if config.multi_tenant:
        click.echo(f"Tenant:   {connection.tenant}  (send X-Tenant: {connection.tenant} to log in)")
    known = connection.admin_password or "with the password set earlier; a new one: psa users set-password"
    click.echo(f"Log in:   {connection.admin_email}  {known}")
    if connection.demo and connection.admin_password:
        others = ", ".join(email for _, email, _ in DEMO_STAFF)
        click.echo(f"          {others}: the same password")
        click.echo(f"Portal:   {connection.url}{portal}  {DEMO_CLIENT}: the same password")
    click.echo(f"API:      {connection.url}/api/v1/docs")
    click.echo(f"Scripts:  {config.data_dir / 'connection.json'}")
    click.echo("Ctrl-C stops everything.\n")
