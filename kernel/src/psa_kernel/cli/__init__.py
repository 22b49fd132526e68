"""The `psa` command: runs, looks after and explains an installation."""

from importlib import metadata

import click

from psa_kernel import logs
from psa_kernel.cli.group import Commands
from psa_kernel.config import from_environment
from psa_kernel.process import collect_seldom


@click.group(cls=Commands)
@click.version_option(metadata.version("psa-kernel"), prog_name="psa")
def main() -> None:
    """PSA: professional services automation for managed service providers.

    Settings come from PSA_… variables; options win. `psa up` starts everything.
    """
    collect_seldom()
    try:
        config = from_environment()
    except ValueError as error:
        raise click.UsageError(f"{error}.") from error
    logs.configure(config.log_format)
