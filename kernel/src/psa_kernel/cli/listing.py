"""Printing of rows: aligned for people, JSON for scripts."""

from collections.abc import Mapping, Sequence

import click
import msgspec


def print_rows(rows: Sequence[Mapping[str, object]], *, as_json: bool, nothing: str = "None.") -> None:
    """Print rows with equal keys; the keys are the headings."""
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(rows)).decode())
        return
    if not rows:
        click.echo(nothing)
        return
    headings = list(rows[0])
    cells = [headings, *([_text(row[heading]) for heading in headings] for row in rows)]
    widths = [max(len(line[index]) for line in cells) for index in range(len(headings))]
    for number, line in enumerate(cells):
        text = "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        click.echo(click.style(text, bold=True) if number == 0 else text)


def _text(value: object) -> str:
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case list() | tuple():
            return ", ".join(str(item) for item in value)
        case _:
            return str(value)
