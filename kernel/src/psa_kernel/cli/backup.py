"""`psa backup` and `psa restore`."""

import datetime
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import click

from psa_kernel import backup as backups
from psa_kernel.cli.options import configured
from psa_kernel.config import Config
from psa_kernel.embedded import servers


@click.command()
@click.argument("archive", type=click.Path(dir_okay=False, path_type=Path), required=False)
@click.option(
    "--without-key", is_flag=True, help="Leave the master key out; sealed values then need it from elsewhere."
)
@configured
def backup(config: Config, archive: Path | None, without_key: bool) -> None:
    """Write database, files and master key into ARCHIVE, also while PSA runs.

    With the key inside, the archive alone opens every secret: keep it where you would keep the key.
    """
    now = datetime.datetime.now(datetime.UTC)
    target = archive or Path(f"psa-{now:%Y%m%d-%H%M%S}.tar")
    with servers(config, redis=False) as ready, _progress("Backing up") as progress:
        contents = backups.make(ready, target.absolute(), with_key=not without_key, progress=progress)
    size = target.stat().st_size / 1024**2
    key = "with" if contents.master_key else "WITHOUT"
    click.echo(f"{target}: {size:.1f} MB, {contents.files} files, {key} the master key.")


@click.command()
@click.argument("archive", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Replace what the target holds.")
@configured
def restore(config: Config, archive: Path, force: bool) -> None:
    """Bring ARCHIVE back into an empty installation; nothing else may use it meanwhile."""
    contents = backups.contents_of(archive)
    if contents.tenancy != config.tenancy:
        raise click.ClickException(
            f"{archive} is of a {contents.tenancy}-tenant installation: use --tenancy {contents.tenancy}."
        )
    config.data_dir.mkdir(parents=True, exist_ok=True)
    with servers(config, redis=False) as ready, _progress("Restoring") as progress:
        backups.restore(ready, archive.absolute(), force=force, progress=progress)
    click.echo(
        f"Restored the backup of {contents.made_at:%Y-%m-%d %H:%M} UTC; `psa up` or `psa migrate` goes on."
    )
    if not contents.master_key:
        click.echo(
            "The archive has no master key: put it back before starting, as master.key or PSA_MASTER_KEY."
        )


@contextmanager
def _progress(doing: str) -> Generator[Callable[[str], None]]:
    """Show what is worked on: a line that rewrites itself on a terminal, nothing when redirected."""
    terminal = sys.stderr.isatty()
    count = 0

    def tell(what: str) -> None:
        nonlocal count
        count += 1
        if terminal:
            click.echo(f"\r\x1b[K{doing}: {count}  {what[:60]}", nl=False, err=True)

    yield tell
    if terminal:
        click.echo("\r\x1b[K", nl=False, err=True)
