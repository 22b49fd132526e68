"""`psa docs`: reference pages from what the installed plugins declare."""

import ast
import inspect
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import click
import msgspec
import pluggy

from psa_kernel import config as configuration
from psa_kernel.boot import load
from psa_kernel.cli.options import configured
from psa_kernel.config import Config
from psa_kernel.registry import Registry

_REFERENCE = Path("docs/api/reference")


@click.command()
@click.option(
    "--directory", type=click.Path(path_type=Path), default=_REFERENCE, help=f"Where to [{_REFERENCE}]."
)
@configured
def docs(config: Config, directory: Path) -> None:
    """Write a page each for plugins, resources, permissions, events, hooks, settings and variables."""
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
                (f"`{name}`", str(event.version), _first_line(event))
                for name, event in sorted(registry.events.items())
            ),
        ),
        "hooks": _table(
            "Hooks", ("Hook", "Arguments", "Answers", "Implementations"), sorted(_hooks(registry))
        ),
        "settings": _table("Settings", ("Section", "Setting", "Default", "Meaning"), _settings(registry)),
        "configuration": _table("Configuration", ("Variable", "Default", "Meaning"), _variables()),
    }


def _table(title: str, headings: tuple[str, ...], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"# {title}", "", "Written by `make docs` from what is declared.", ""]
    lines += [f"| {' | '.join(headings)} |", f"|{'---|' * len(headings)}"]
    lines += [f"| {' | '.join(_cell(cell) for cell in row)} |" for row in rows]
    return "\n".join([*lines, ""])


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _first_line(thing: Any) -> str:
    return (thing.__doc__ or "").strip().split("\n")[0]


def _hooks(registry: Registry) -> Iterator[tuple[str, str, str, str]]:
    """Yield the questions that anybody declares: name, arguments, what is answered, who answers."""
    callers: dict[str, pluggy.HookCaller] = vars(registry.hooks.hook)
    for name, caller in callers.items():
        if not isinstance(caller, pluggy.HookCaller) or caller.spec is None:
            continue
        arguments = ", ".join(
            f"`{argument}`" for argument in inspect.signature(caller.spec.function).parameters
        )
        first = " The first answer counts." if caller.spec.opts["firstresult"] else ""
        who = ", ".join(f"`{one.plugin_name}`" for one in caller.get_hookimpls())
        yield (
            f"`{name}`",
            arguments,
            f"{_first_line(caller.spec.function)}{first}",
            "all" if name == "psa_manifest" else who,
        )


def _settings(registry: Registry) -> Iterator[tuple[str, str, str, str]]:
    for name, plugin in registry.plugins.items():
        section = plugin.manifest.settings
        if section is None:
            continue
        schema = msgspec.json.schema(section)["$defs"][section.__name__]["properties"]
        for field in msgspec.structs.fields(section):
            told: dict[str, Any] = schema[field.encode_name]
            meaning = ". ".join(told[key] for key in ("title", "description") if told.get(key))
            default = "" if told.get("x-secret") else f"`{msgspec.json.encode(told.get('default')).decode()}`"
            yield f"`{name}`", f"`{field.encode_name}`", default, meaning


def _variables() -> Iterator[tuple[str, str, str]]:
    """Yield the variables that a process reads: name, default, what the field's docstring says."""
    [declared] = [
        node for node in ast.parse(inspect.getsource(configuration)).body if isinstance(node, ast.ClassDef)
    ]
    meanings: dict[str, str] = {}
    for field, after in zip(declared.body, declared.body[1:], strict=False):
        if (
            isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and isinstance(after, ast.Expr)
        ):
            meanings[field.target.id] = ast.literal_eval(after.value)
    for name in Config.__struct_fields__:
        value = getattr(Config(), name)
        text = (
            ",".join(value)
            if isinstance(value, tuple | frozenset)
            else str(value).lower()
            if isinstance(value, bool)
            else str(value)
        )
        yield f"`PSA_{name.upper()}`", f"`{text}`" if text else "", meanings.get(name, "")
