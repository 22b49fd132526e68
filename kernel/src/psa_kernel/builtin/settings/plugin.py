"""Settings, modules and custom fields."""

from psa_kernel.builtin.settings import tables
from psa_sdk import Manifest, hookimpl


@hookimpl
def psa_manifest() -> Manifest:
    """Declare settings."""
    return Manifest(
        name="settings",
        title="Settings",
        description="What a tenant chooses: values, modules and custom fields.",
        requires=("tenancy",),
        tables=tables.ALL,
    )
