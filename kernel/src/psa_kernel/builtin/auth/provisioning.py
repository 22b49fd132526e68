"""Accounts made by the operator: the first administrator, demonstration and service accounts."""

from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from psa_kernel.builtin.auth.accounts import by_email
from psa_kernel.builtin.auth.password_change import set_password
from psa_sdk.errors import Invalid

if TYPE_CHECKING:
    from psa_kernel.kernel import Kernel


async def ensure_account(
    kernel: "Kernel",
    tenant_id: UUID,
    *,
    email: str,
    name: str = "",
    roles: Sequence[str] = (),
    password: str = "",
) -> UUID:
    """Make a staff account with these roles unless the address has one; returns its id.

    The password is set only while there is none. Raises `Invalid` for an unknown role, a malformed address or a
    weak password; the account then stays without.
    """
    async with kernel.unit(tenant_id) as unit:
        found = await by_email(unit, "staff", email)
        account_id = (
            found.id
            if found
            else await unit.records.create(
                "users",
                {"name": name or email.partition("@")[0], "email": email, "email_normalised": ""},
            )
        )
        rows = await unit.db.fetch(
            "SELECT id, key FROM psa.role WHERE audience = 'staff' AND key = ANY ($1::text[])", list(roles)
        )
        unknown = sorted(set(roles) - {row["key"] for row in rows})
        if unknown:
            raise Invalid(f"There is no staff role {', '.join(unknown)}.")
        await unit.records.link("users", account_id, "roles", [row["id"] for row in rows])
    if password and (found is None or found.phc is None):
        await set_password(kernel, tenant_id, account_id, password)
    return account_id
