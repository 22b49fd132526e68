"""`psa audit`: proves that nobody tampered with the log, and takes checkpoints to keep elsewhere."""

from pathlib import Path

import click
import msgspec

from psa_kernel.builtin.audit.verification import Checkpoint, Report, checkpoint
from psa_kernel.builtin.audit.verification import verify as verify_log
from psa_kernel.cli.application import chosen_tenant, with_kernel
from psa_kernel.cli.options import configured, tenant_option
from psa_kernel.config import Config
from psa_kernel.kernel import Kernel


@click.group()
def audit() -> None:
    """Verify the audit log."""


@audit.command()
@tenant_option
@click.option(
    "--checkpoint",
    "known",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file of `psa audit checkpoint`: also finds a chain cut short.",
)
@configured
def verify(config: Config, tenant: str, known: Path | None) -> None:
    """Check the log of a tenant, or of all, against its seals. Exits with 1 when anything was tampered with."""
    points = msgspec.json.decode(known.read_bytes(), type=list[Checkpoint]) if known else []

    async def work(kernel: Kernel) -> list[Report]:
        tenants = [await chosen_tenant(kernel, tenant)] if tenant else await kernel.tenants()
        at = {point.tenant_id: point for point in points}
        return [await verify_log(kernel, one, at.get(one)) for one in tenants]

    reports = with_kernel(config, work)
    for report in reports:
        what = f"{report.entries} entries in {report.seals} seals, {report.waiting} waiting"
        click.echo(f"{report.tenant_id}  {'intact' if report.intact else report.finding}  ({what})")
    broken = [report for report in reports if not report.intact]
    if broken:
        raise click.ClickException(f"The log of {len(broken)} of {len(reports)} tenants was tampered with.")


@audit.command("checkpoint")
@configured
def take_checkpoint(config: Config) -> None:
    """Print the signed ends of all chains as JSON; keep them where this machine's administrator can't write."""

    async def work(kernel: Kernel) -> list[Checkpoint]:
        found: list[Checkpoint] = []
        for tenant in await kernel.tenants():
            async with kernel.unit(tenant, readonly=True) as unit:
                point = await checkpoint(unit)
            if point is not None:
                found.append(point)
        return found

    click.echo(msgspec.json.format(msgspec.json.encode(with_kernel(config, work))).decode())
