"""Tenants: provisioning, suspension, deletion, usage and export."""

from psa_kernel.builtin.tenancy import tables
from psa_kernel.builtin.tenancy.settings import TenancySettings
from psa_sdk import Manifest, hookimpl


@hookimpl
def psa_manifest() -> Manifest:
    """Declare tenancy."""
    return Manifest(
        name="tenancy",
        title="Organisation",
        description="The tenants of this installation and what each says about itself.",
        tables=tables.ALL,
        settings=TenancySettings,
    )
