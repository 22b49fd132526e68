"""`psa docs`: reference pages from what the installed plugins declare."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import click

from psa_kernel.boot import load
from psa_kernel.cli.options import configured
from psa_kernel.config import Config
from psa_kernel.registry import Registry


@click.command()
@click.option(
    "--directory",
    type=click.Path(path_type=Path),
    default=Path("docs/reference"),
    help="Where to [docs/reference].",
)
@configured
def docs(config: Config, directory: Path) -> None:
    """Write a page each for plugins, resources, permissions and events."""
    registry = load(config)
    directory.mkdir(parents=True, exist_ok=True)
    for name, page in pages(registry).items():
        (directory / f"{name}.md").write_text(page)
        click.echo(str(directory / f"{name}.md"))


def pages(registry: Registry) -> dict[str, str]:
    """Return the reference as Markdown by page name."""
    return {
        "plugins": _table(
            "Plugins",
            ("Name", "Title", "Requires", "Description"),
            (
                (
                    f"`{plugin.name}`",
                    plugin.manifest.title,
                    ", ".join(plugin.manifest.requires),
                    plugin.manifest.description,
                )
                for plugin in registry.plugins.values()
            ),
        ),
        "resources": _table(
            "Resources",
            ("Resource", "Plugin", "Relationships", "Filters"),
            (
                (
                    f"`{name}`",
                    registry.resource_owner[name],
                    ", ".join(f"`{relation}`" for relation in registry.relations(name)),
                    ", ".join(
                        f"`{item if isinstance(item, str) else item._meta.name}`" for item in resource.filters
                    ),
                )
                for name, resource in registry.resources.items()
            ),
        ),
        "permissions": _table(
            "Permissions",
            ("Permission", "Allows to", "For"),
            (
                (f"`{name}`", permission.title, permission.audience)
                for name, permission in sorted(registry.permissions.items())
            ),
        ),
        "events": _table(
            "Events",
            ("Event", "Version", "Meaning"),
            (
                (f"`{name}`", str(event.version), (event.__doc__ or "").strip().splitlines()[0])
                for name, event in sorted(registry.events.items())
            ),
        ),
    }


def _table(title: str, headings: tuple[str, ...], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"# {title}", "", "Written by `make docs` from the plugins' declarations.", ""]
    lines += [f"| {' | '.join(headings)} |", f"|{'---|' * len(headings)}"]
    lines += [f"| {' | '.join(' '.join(cell.split()) for cell in row)} |" for row in rows]
    return "\n".join([*lines, ""])
