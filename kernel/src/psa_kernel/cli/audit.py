"""`psa audit`: proves that the audit log is whole."""

import sys
from pathlib import Path
from uuid import UUID

import click
import msgspec

from psa_kernel.builtin.audit.sealing import seal_all
from psa_kernel.builtin.audit.verification import Checkpoint, Report, verify
from psa_kernel.builtin.audit.verification import checkpoint as end_of_chain
from psa_kernel.builtin.tenancy.provisioning import every_tenant
from psa_kernel.cli.application import chosen_tenant, with_kernel
from psa_kernel.cli.options import configured, json_option, tenant_option
from psa_kernel.config import Config
from psa_kernel.kernel import Kernel


@click.group()
def audit() -> None:
    """Verify the audit log against its seals."""


async def _chosen(kernel: Kernel, slug: str) -> list[UUID]:
    if slug:
        return [await chosen_tenant(kernel, slug)]
    return await every_tenant(kernel)


@audit.command("verify")
@click.option(
    "--checkpoint",
    "checkpoints",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="What `psa audit checkpoint` printed earlier: shows a chain cut short.",
)
@tenant_option
@configured
@json_option
def verify_log(config: Config, tenant: str, checkpoints: Path | None, as_json: bool) -> None:
    """Name the first entry or seal that was edited, removed, added or moved; exit 1 if there is one.

    All tenants, or the one of --tenant.
    """
    lines = checkpoints.read_bytes().splitlines() if checkpoints else []
    known = {
        point.tenant_id: point for point in (msgspec.json.decode(line, type=Checkpoint) for line in lines)
    }

    async def work(kernel: Kernel) -> list[Report]:
        return [
            await verify(kernel, tenant_id, known.get(tenant_id))
            for tenant_id in await _chosen(kernel, tenant)
        ]

    reports = with_kernel(config, work)
    for report in reports:
        if as_json:
            click.echo(msgspec.json.encode(report).decode())
        elif report.intact:
            click.echo(
                f"{report.tenant_id}: intact; {report.entries} entries under {report.seals} seals,"
                f" {report.waiting} waiting for theirs, {report.redacted} blanked to erase people."
            )
        else:
            click.echo(f"{report.tenant_id}: TAMPERED. {report.finding}")
    if not all(report.intact for report in reports):
        sys.exit(1)


@audit.command()
@tenant_option
@configured
def checkpoint(config: Config, tenant: str) -> None:
    """Seal what waits and print the signed end of each chain as JSON lines, to be kept on another machine."""

    async def work(kernel: Kernel) -> list[Checkpoint]:
        await seal_all(kernel)
        points: list[Checkpoint] = []
        for tenant_id in await _chosen(kernel, tenant):
            async with kernel.unit(tenant_id, readonly=True) as unit:
                point = await end_of_chain(unit)
            if point is not None:
                points.append(point)
        return points

    for point in with_kernel(config, work):
        click.echo(msgspec.json.encode(point).decode())
