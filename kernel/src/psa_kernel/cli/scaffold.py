"""The start of a new plugin, from the SDK's template."""

import keyword
import re
from importlib.resources import as_file, files
from pathlib import Path

import click

_NAME = re.compile(r"[a-z][a-z0-9_]{1,30}")


def write_plugin(name: str, directory: Path) -> Path:
    """Copy the template as plugin `name` below a directory and return its place.

    In the template's paths and texts `{{name}}`, `{{kebab}}`, `{{Name}}` and `{{title}}` stand for the new plugin's names.
    Raises `click.ClickException` for an unusable name or a taken place.
    """
    if not _NAME.fullmatch(name) or keyword.iskeyword(name):
        raise click.ClickException(
            f"{name!r} is no plugin name: use lower-case letters, digits and underscores."
        )
    target = directory / name
    if target.exists():
        raise click.ClickException(f"{target} exists already: choose another name or directory.")
    words = name.split("_")
    places = {
        "{{name}}": name,
        "{{kebab}}": name.replace("_", "-"),
        "{{Name}}": "".join(word.capitalize() for word in words),
        "{{title}}": " ".join(words).capitalize(),
    }
    with as_file(files("psa_sdk") / "template") as template:
        for source in sorted(path for path in template.rglob("*") if path.is_file()):
            if "__pycache__" in source.parts:
                continue
            path = target / _filled(str(source.relative_to(template)), places)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(_filled(source.read_text(), places))
    return target


def _filled(text: str, places: dict[str, str]) -> str:
    for place, word in places.items():
        text = text.replace(place, word)
    return text
