"""`psa doctor`: what is wrong with this installation, and what to do about it."""

import asyncio
import datetime
import shutil
import sys
from collections.abc import Callable, Iterator
from typing import Any

import asyncpg
import click
import msgspec
import redis

from psa_kernel.boot import load
from psa_kernel.cli.failures import EXPECTED, sentence
from psa_kernel.cli.options import configured
from psa_kernel.config import Config
from psa_kernel.database.guard import isolation_problems
from psa_kernel.database.migrations import pending
from psa_kernel.database.pool import connect_as_owner
from psa_kernel.embedded import servers
from psa_kernel.master_key import load_master_key
from psa_kernel.registry import Registry

_ENOUGH_BYTES = 2 * 1024**3


class Finding(msgspec.Struct, frozen=True):
    """One checked thing; an empty `wrong` means it is well."""

    what: str
    wrong: str = ""


@click.command()
@configured
def doctor(config: Config) -> None:
    """Check this installation; say what is wrong and the remedy. Exits with 1 when anything is."""
    wrong = 0
    for finding in examine(config):
        wrong += bool(finding.wrong)
        mark = click.style("wrong", fg="red") if finding.wrong else click.style("well ", fg="green")
        click.echo(f"{mark}  {finding.what}" + (f": {finding.wrong}" if finding.wrong else ""))
    if wrong:
        raise click.ClickException(f"{wrong} thing{'s' if wrong > 1 else ''} to put right.")


def examine(config: Config) -> Iterator[Finding]:
    """Check everything that can be checked, in the order of dependence."""
    yield _machine()
    yield _disk(config)
    yield _attempt("the master key", lambda: load_master_key(config.data_dir))
    registry: Registry | None = None
    try:
        registry = load(config)
    except EXPECTED as error:
        yield Finding("the plugins", sentence(error))
    else:
        off = [f"{name} ({why})" for name, why in registry.isolated.items() if name not in config.quarantine]
        yield Finding(f"{len(registry.plugins)} plugins", f"taken off: {', '.join(off)}" if off else "")
    try:
        with servers(config) as ready:
            yield _attempt("Redis", lambda: _redis(ready))
            yield from asyncio.run(_database(ready, registry))
    except EXPECTED as error:
        yield Finding("the servers", sentence(error))


def _attempt(what: str, check: Callable[[], object]) -> Finding:
    try:
        found = check()
    except EXPECTED as error:
        return Finding(what, sentence(error))
    return Finding(what, found if isinstance(found, str) else "")


def _machine() -> Finding:
    version = ".".join(str(part) for part in sys.version_info[:3])
    return Finding(f"Python {version}", "" if sys.version_info >= (3, 11) else "install Python 3.11 or newer")


def _disk(config: Config) -> Finding:
    what = f"the data directory {config.data_dir.absolute()}"
    try:
        config.data_dir.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(config.data_dir).free
    except OSError as error:
        return Finding(what, f"{error}; choose another with --data-dir")
    little = free < _ENOUGH_BYTES
    return Finding(what, f"only {free // 1024**2} MB are free; make room" if little else "")


def _redis(config: Config) -> str:
    with redis.Redis.from_url(config.redis_url, socket_timeout=5) as client:
        policy = client.config_get("maxmemory-policy").get("maxmemory-policy")
    if policy not in {None, "noeviction"}:
        return f"maxmemory-policy is {policy}, so messages may be thrown away; set it to noeviction"
    return ""


async def _database(config: Config, registry: Registry | None) -> list[Finding]:
    try:
        connection = await asyncpg.connect(config.database_url, timeout=10)
    except EXPECTED as error:
        return [Finding("the database", sentence(error))]
    try:
        found = [Finding(f"PostgreSQL {connection.get_server_version().major}")]
        found.append(await _clock(connection))
        if registry is not None and config.multi_tenant:
            problems = await isolation_problems(connection, registry)
            found.append(Finding("isolation of tenants", " ".join(problems)))
    finally:
        await connection.close()
    if registry is not None:
        found.append(await _migrations(config, registry))
    return found


async def _clock(connection: asyncpg.Connection) -> Finding:
    away: Any = await connection.fetchval(
        "SELECT abs(extract(epoch FROM clock_timestamp() - $1))::float8", datetime.datetime.now(datetime.UTC)
    )
    far = away > 5
    return Finding(
        "the clocks", f"the database's differs by {away:.0f} s; run NTP on both machines" if far else ""
    )


async def _migrations(config: Config, registry: Registry) -> Finding:
    try:
        connection = await connect_as_owner(config.owner_database_url)
        try:
            rows = await connection.fetch("SELECT plugin, id, checksum FROM psa.migration")
            due = pending(registry, {(row["plugin"], row["id"]): row["checksum"] for row in rows})
        finally:
            await connection.close()
    except EXPECTED as error:
        return Finding("the migrations", sentence(error))
    return Finding("the migrations", f"{len(due)} have not run; run `psa migrate`" if due else "")
