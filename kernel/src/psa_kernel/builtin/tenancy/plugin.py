"""Tenants: provisioning, suspension, deletion, usage and export."""

from psa_kernel.builtin.tenancy import jobs, operators, routes, tables
from psa_kernel.builtin.tenancy.erasure import TenantErased
from psa_kernel.builtin.tenancy.settings import TenancySettings
from psa_kernel.outbound import GuardedNetwork
from psa_kernel.signing import TenantSigner
from psa_sdk import Manifest, Permission, every, hookimpl, provide
from psa_sdk.network import Network
from psa_sdk.signing import Signer


@hookimpl
def psa_manifest() -> Manifest:
    """Declare tenancy."""
    return Manifest(
        name="tenancy",
        title="Organisation",
        description="The tenants of this installation and what each says about itself.",
        tables=tables.ALL,
        routes=routes.ALL,
        permissions=(
            Permission(name=operators.READ, title="See all tenants (operator)"),
            Permission(name=operators.CREATE, title="Provision tenants (operator)"),
            Permission(name=operators.UPDATE, title="Change, suspend and activate tenants (operator)"),
            Permission(name=operators.DELETE, title="Delete tenants (operator)", sensitive=True),
            Permission(name=operators.EXPORT, title="Export a tenant's data", sensitive=True),
        ),
        events=(TenantErased,),
        actors=(jobs.meter_usage, jobs.erase_tenants),
        schedules=(
            every("20 0 * * *", jobs.meter_usage),
            every("40 2 * * *", jobs.erase_tenants, per_tenant=False),
        ),
        services=(provide(Network, GuardedNetwork), provide(Signer, TenantSigner)),
        settings=TenancySettings,
    )
