"""Options that several commands share, and the configuration they end in."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from psa_kernel.config import Config, from_environment

Command = Callable[..., Any]


def configured(command: Command) -> Command:
    """Add `--data-dir` and `--tenancy`; the command receives `config`, from the environment and its options.

    Other options named like a field of `Config` (`host`, `port`) go into it too.
    """

    @click.option(
        "--data-dir", type=click.Path(file_okay=False, path_type=Path), help="Where data lives [.data]."
    )
    @click.option("--tenancy", type=click.Choice(["single", "multi"]), help="One tenant or many [single].")
    @functools.wraps(command)
    def wrapper(*arguments: Any, **options: Any) -> Any:
        overrides = {name: options.pop(name) for name in Config.__struct_fields__ if name in options}
        try:
            config = from_environment(**overrides)
        except ValueError as error:
            raise click.UsageError(f"{error}.") from error
        return command(*arguments, config=config, **options)

    return wrapper


tenant_option = click.option(
    "--tenant", default="", metavar="SLUG", help="The tenant; needed when there are several."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for scripts.")
