"""`psa demo`: demonstration data for a tenant."""

import click

from psa_kernel import demonstration
from psa_kernel.cli.application import chosen_tenant, with_kernel
from psa_kernel.cli.options import configured, tenant_option
from psa_kernel.config import Config
from psa_kernel.kernel import Kernel


@click.command()
@tenant_option
@configured
def demo(config: Config, tenant: str) -> None:
    """Fill a tenant with a fictional MSP's data, once."""

    async def work(kernel: Kernel) -> list[str]:
        return await demonstration.fill(kernel, await chosen_tenant(kernel, tenant), progress=click.echo)

    done = with_kernel(config, work)
    click.echo(
        f"Filled in: {', '.join(done)}." if done else "Nothing to do: the demonstration data is there."
    )
