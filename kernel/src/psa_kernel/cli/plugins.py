"""`psa plugins`: what is installed, what it declares, how it hangs together, and a start for a new one."""

from pathlib import Path

import click

from psa_kernel.boot import BootError, load
from psa_kernel.boot.web_routes import web_routes
from psa_kernel.cli.listing import print_rows
from psa_kernel.cli.options import configured, json_option
from psa_kernel.cli.scaffold import write_plugin
from psa_kernel.config import Config
from psa_kernel.registry import Plugin, Registry


@click.group()
def plugins() -> None:
    """Look at the installed plugins, or start a new one."""


@plugins.command("list")
@configured
@json_option
def list_plugins(config: Config, as_json: bool) -> None:
    """List the plugins in the order they are loaded, and those taken off with the reason."""
    registry = load(config)
    rows = [
        {
            "name": plugin.name,
            "version": plugin.version,
            "title": plugin.manifest.title,
            "requires": list(plugin.manifest.requires),
            "resources": len(plugin.manifest.resources),
            "origin": "built in" if plugin.builtin else plugin.distribution,
        }
        for plugin in registry.plugins.values()
    ]
    print_rows(rows, as_json=as_json)
    for name, reason in registry.isolated.items():
        click.secho(f"{name} is taken off: {reason}", fg="red", err=True)


@plugins.command()
@click.argument("name")
@configured
@json_option
def show(config: Config, name: str, as_json: bool) -> None:
    """Show everything that a plugin declares."""
    registry = load(config)
    rows = [
        {"kind": kind, "what": what}
        for kind, items in _declared(registry, _named(registry, name))
        for what in items
    ]
    print_rows(rows, as_json=as_json, nothing=f"{name} declares nothing.")


@plugins.command()
@configured
@click.option("--dot", is_flag=True, help="Print Graphviz's language.")
def graph(config: Config, dot: bool) -> None:
    """Show who requires (->) and who merely knows (~>) whom."""
    registry = load(config)
    edges = [
        (plugin.name, other, firm)
        for plugin in registry.plugins.values()
        for firm, others in ((True, plugin.manifest.requires), (False, plugin.manifest.enhances))
        for other in others
    ]
    if dot:
        lines = [f'  "{a}" -> "{b}"{"" if firm else " [style=dashed]"};' for a, b, firm in edges]
        names = [f'  "{name}";' for name in registry.plugins]
        click.echo("\n".join(["digraph plugins {", *names, *lines, "}"]))
        return
    for name in registry.plugins:
        arrows = [f"{'->' if firm else '~>'} {b}" for a, b, firm in edges if a == name]
        click.echo(f"{name}  {' '.join(arrows)}".rstrip())


@plugins.command()
@click.argument("name", required=False)
@configured
def check(config: Config, name: str | None) -> None:
    """Boot all plugins without serving; with NAME, also fail when that one was taken off.

    What the operator quarantined is told and is no failure.
    """
    try:
        registry = load(config)
        web_routes(registry)
    except BootError as error:
        raise click.ClickException(str(error)) from error
    if name is not None:
        _named(registry, name)
    broken = {other: why for other, why in registry.isolated.items() if other not in config.quarantine}
    quarantined = len(registry.isolated) - len(broken)
    for other, reason in registry.isolated.items():
        if other in broken:
            click.secho(f"{other} is taken off: {reason}", fg="red", err=True)
        else:
            click.echo(f"{other} is {reason}.", err=True)
    if broken:
        raise click.ClickException(f"{len(broken)} of the installed plugins can't run.")
    rest = f" {quarantined} quarantined." if quarantined else ""
    click.echo(f"{len(registry.plugins)} plugins, {len(registry.resources)} resources: all well.{rest}")


@plugins.command()
@click.argument("name")
@click.option("--directory", type=click.Path(path_type=Path), default=Path(), help="Where to make it [here].")
def new(name: str, directory: Path) -> None:
    """Write a new plugin: a package with one resource, a migration and tests that pass."""
    target = write_plugin(name, directory)
    click.echo(f"{target} is ready; start reading at src/psa_{name}/plugin.py.")
    click.echo(f"Try it: pip install -e {target} && psa plugins show {name}")


def _named(registry: Registry, name: str) -> Plugin:
    if name in registry.isolated:
        raise click.ClickException(f"{name} is taken off: {registry.isolated[name]}")
    if name not in registry.plugins:
        known = ", ".join(registry.plugins)
        raise click.ClickException(f"There's no plugin {name}; installed are: {known}.")
    return registry.plugins[name]


def _declared(registry: Registry, plugin: Plugin) -> list[tuple[str, list[str]]]:
    manifest = plugin.manifest
    hooked = [caller.name for caller in registry.hooks.get_hookcallers(plugin.module) or ()]
    return [
        ("requires", list(manifest.requires)),
        ("enhances", list(manifest.enhances)),
        ("table", [f"{table._meta.schema}.{table._meta.tablename}" for table in manifest.tables]),
        ("resource", [resource.name for resource in manifest.resources]),
        ("extension of", [extension.resource for extension in manifest.extensions]),
        ("route", [f"{route.method} {route.path} ({route.permission})" for route in manifest.routes]),
        ("permission", [permission.name for permission in manifest.permissions]),
        ("role", [f"{role}: {', '.join(grants)}" for role, grants in manifest.roles.items()]),
        ("event", [event.name for event in manifest.events]),
        ("reacts to", [f"{item.event} ({item.name})" for item in manifest.subscribers]),
        ("may refuse", [f"{item.verb} of {item.resource}" for item in manifest.interceptors]),
        ("offers", [service.protocol.__qualname__ for service in manifest.services]),
        ("actor", [actor.name for actor in manifest.actors]),
        ("schedule", [f"{item.cron} {item.actor.name}" for item in manifest.schedules]),
        ("settings", [manifest.settings.__name__] if manifest.settings else []),
        ("hooks", sorted(name for name in hooked if name != "psa_manifest")),
        ("page", [f"{page.path} ({page.permission})" for page in manifest.ui.pages]),
    ]
