"""`psa serve` and `psa worker`: the parts of `psa up` as processes of their own, for production."""

import asyncio
import socket

import click

from psa_kernel.boot import load
from psa_kernel.cli.options import configured
from psa_kernel.config import Config
from psa_kernel.embedded import servers
from psa_kernel.http.app import create_app
from psa_kernel.jobs.background import Background
from psa_kernel.kernel import Kernel
from psa_kernel.process import run, settle_memory
from psa_kernel.registry import Registry
from psa_kernel.server import address, bind, listening, stop_on_signals
from psa_kernel.server import serve as serve_http


@click.command()
@click.option("--host", help="The address to listen on [127.0.0.1].")
@click.option("--port", type=click.IntRange(0, 65535), help="The port; 0 picks a free one [8080].")
@configured
def serve(config: Config) -> None:
    """Serve HTTP on a migrated database; background work is `psa worker`'s."""
    with bind(config) as listener, servers(listening(config, listener)) as ready:
        run(_serve(ready, load(ready), listener))


@click.command()
@configured
def worker(config: Config) -> None:
    """Run background work: relay, jobs and schedules. As many of these as you like may run."""
    with servers(config) as ready:
        run(_work(ready, load(ready)))


async def _serve(config: Config, registry: Registry, listener: socket.socket) -> None:
    stop = asyncio.Event()
    stop_on_signals(stop)

    async def ready() -> None:
        click.echo(f"PSA serves at {address(listener)}")

    async with Kernel.open(config, registry) as kernel:
        await serve_http(create_app(kernel), listener, stop, ready=ready, leaving=kernel.live.close)


async def _work(config: Config, registry: Registry) -> None:
    stop = asyncio.Event()
    stop_on_signals(stop)
    async with Kernel.open(config, registry) as kernel, Background(kernel):
        settle_memory()
        click.echo("The worker runs.")
        await stop.wait()
