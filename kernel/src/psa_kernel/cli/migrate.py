"""`psa migrate` brings the database up to what is declared; `psa migrations new` writes what is missing."""

import click

from psa_kernel.boot import load
from psa_kernel.builtin.tenancy.provisioning import seed_all
from psa_kernel.cli.options import configured
from psa_kernel.config import Config
from psa_kernel.database import migrations as files
from psa_kernel.database.drift import Drift, drift
from psa_kernel.database.platform import become_owner
from psa_kernel.database.pool import connect_as_owner
from psa_kernel.embedded import servers
from psa_kernel.kernel import Kernel
from psa_kernel.process import run
from psa_kernel.registry import Registry


@click.command()
@configured
def migrate(config: Config) -> None:
    """Run migrations, converge isolation, indexes and grants, and seed tenants. Safe to repeat."""
    with servers(config, redis=False) as ready:
        done = run(_migrate(ready, load(ready)))
    for migration in done.applied:
        click.echo(f"ran {migration}")
    click.echo("The database is up to date." if done.converged else "Nothing to do.")


async def _migrate(config: Config, registry: Registry) -> files.Migrated:
    done = await files.migrate(config.owner_database_url, registry, multi_tenant=config.multi_tenant)
    async with Kernel.open(config, registry, lifespan=False) as kernel:
        await seed_all(kernel)
    return done


@click.group()
def migrations() -> None:
    """Write a plugin's migrations."""


@migrations.command()
@click.argument("plugin")
@click.argument("title")
@configured
def new(config: Config, plugin: str, title: str) -> None:
    """Write the SQL that PLUGIN's declared tables need, for you to review; TITLE becomes the file's name."""
    with servers(config, redis=False) as ready:
        registry = load(ready)
        if plugin not in registry.plugins:
            raise click.ClickException(
                f"There's no plugin {plugin}; installed are: {', '.join(registry.plugins)}."
            )
        found = run(_drift(ready, registry, plugin))
    if not found.statements and not found.drops:
        click.echo(f"The database has everything that {plugin} declares.")
        return
    path = files.next_path(registry.plugins[plugin], title)
    path.parent.mkdir(exist_ok=True)
    path.write_text(found.migration(title))
    click.echo(f"Review {path}, then run `psa migrate`.")


async def _drift(config: Config, registry: Registry, plugin: str) -> Drift:
    await files.migrate(config.owner_database_url, registry, multi_tenant=config.multi_tenant)
    connection = await connect_as_owner(config.owner_database_url)
    try:
        await become_owner(connection)
        return await drift(connection, registry, plugin)
    finally:
        await connection.close()
