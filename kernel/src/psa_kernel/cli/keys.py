"""`psa keys`: the keys that seal secrets, their state and their rotation."""

import click

from psa_kernel.builtin.tenancy.provisioning import every_tenant
from psa_kernel.builtin.tenancy.resealing import reseal as reseal_tenant
from psa_kernel.cli.application import with_kernel
from psa_kernel.cli.listing import print_rows
from psa_kernel.cli.options import configured, json_option
from psa_kernel.config import Config
from psa_kernel.kernel import Kernel
from psa_kernel.master_key import fingerprint, load_master_key


@click.group()
def keys() -> None:
    """Look at the encryption keys, or rotate them."""


@keys.command()
@configured
@json_option
def status(config: Config, as_json: bool) -> None:
    """Show each tenant's newest data key and the master key that wraps it."""
    master = load_master_key(config.data_dir)

    async def work(kernel: Kernel) -> list[dict[str, object]]:
        found: list[dict[str, object]] = []
        for tenant in await every_tenant(kernel):
            async with kernel.unit(tenant, readonly=True) as unit:
                rows = await unit.db.fetch(
                    "SELECT generation, master FROM psa.data_key ORDER BY generation DESC LIMIT 1"
                )
                found += [dict[str, object](row, tenant=unit.tenant_facts.slug) for row in rows]
        return found

    rows = with_kernel(config, work)
    if not as_json:
        click.echo(f"Master key: {fingerprint(master.current)}")
        if master.previous is not None:
            click.echo(f"Previous:   {fingerprint(master.previous)}; `psa keys rewrap`, then remove it")
    print_rows(rows, as_json=as_json)


@keys.command()
@configured
def rotate(config: Config) -> None:
    """Give every tenant a new data key: new values use it, old ones stay readable."""

    async def work(kernel: Kernel) -> int:
        tenants = await every_tenant(kernel)
        for tenant in tenants:
            generation = await kernel.keys.add_generation(tenant)
            async with kernel.unit(tenant) as unit:
                await unit.audit("keys.rotated", generation=generation)
        return len(tenants)

    click.echo(f"{with_kernel(config, work)} tenants have a new data key.")


@keys.command()
@configured
def rewrap(config: Config) -> None:
    """Wrap all data keys under the present master key, after it was replaced.

    Put the old key into PSA_MASTER_KEY_PREVIOUS or `master.key.previous` first; afterwards it may go.
    """

    async def work(kernel: Kernel) -> int:
        return sum([await kernel.keys.rewrap(tenant) for tenant in await every_tenant(kernel)])

    click.echo(f"{with_kernel(config, work)} data keys are wrapped under the present master key.")


@keys.command()
@configured
def reseal(config: Config) -> None:
    """Seal stored values anew under the newest data keys, in small batches; repeatable."""

    async def work(kernel: Kernel) -> int:
        return sum([await reseal_tenant(kernel, tenant) for tenant in await every_tenant(kernel)])

    click.echo(f"{with_kernel(config, work)} values moved to newer data keys.")
