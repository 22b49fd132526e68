"""Who may manage tenants: the operator, from the first tenant of a multi-tenant installation."""

from typing import cast

from psa_kernel.builtin.tenancy import SINGLE_TENANT
from psa_kernel.unit_of_work import Unit
from psa_sdk import Context
from psa_sdk.errors import NotFound

READ = "tenancy.tenants.read"
CREATE = "tenancy.tenants.create"
UPDATE = "tenancy.tenants.update"
DELETE = "tenancy.tenants.delete"
EXPORT = "tenancy.tenants.export"


def operator_unit(ctx: Context) -> Unit:
    """Return the unit of work of an operator; everyone else finds no such routes (404)."""
    unit = cast(Unit, ctx)
    if not unit.kernel.config.multi_tenant:
        raise NotFound("This installation has one tenant; there are no tenant routes.")
    if unit.tenant_id != SINGLE_TENANT:
        raise NotFound("Tenants are managed by the operator of the platform.")
    return unit
