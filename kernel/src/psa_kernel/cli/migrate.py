"""`psa migrate` brings the database up to what is declared; `psa migrations new` writes what is missing."""

import click

from psa_kernel.boot import load
from psa_kernel.builtin.tenancy.provisioning import seed_all
from psa_kernel.cli.options import configured
from psa_kernel.config import Config
from psa_kernel.database import migrations as files
from psa_kernel.database.drift import drifts
from psa_kernel.embedded import servers
from psa_kernel.kernel import Kernel
from psa_kernel.process import run
from psa_kernel.registry import Registry


@click.command()
@click.option(
    "--repair", is_flag=True, help="Look at everything anew, should someone have altered it by hand."
)
@configured
def migrate(config: Config, repair: bool) -> None:
    """Run migrations, converge isolation, indexes and grants, and seed tenants. Safe to repeat."""
    with servers(config, redis=False) as ready:
        done = run(_migrate(ready, load(ready), repair=repair))
    for migration in done.applied:
        click.echo(f"ran {migration}")
    click.echo("The database is up to date." if done.converged else "Nothing to do.")


async def _migrate(config: Config, registry: Registry, *, repair: bool) -> files.Migrated:
    done = await files.migrate(
        config.owner_database_url, registry, multi_tenant=config.multi_tenant, repair=repair
    )
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
        found = run(drifts(ready.owner_database_url, registry, multi_tenant=ready.multi_tenant))[plugin]
    if not found.statements and not found.drops:
        click.echo(f"The database has everything that {plugin} declares.")
        return
    path = files.next_path(registry.plugins[plugin], title)
    path.parent.mkdir(exist_ok=True)
    path.write_text(found.migration(title))
    click.echo(f"Review {path}, then run `psa migrate`.")


@migrations.command()
@configured
def check(config: Config) -> None:
    """Fail when a plugin declares what no migration makes."""
    with servers(config, redis=False) as ready:
        registry = load(ready)
        found = run(drifts(ready.owner_database_url, registry, multi_tenant=ready.multi_tenant))
    missing = [
        f"{plugin}: {len(drift.statements)} statements are missing: psa migrations new {plugin} TITLE"
        for plugin, drift in found.items()
        if drift.statements
    ]
    if missing:
        raise click.ClickException("\n".join(missing))
    click.echo("Every declared table has its migrations.")
