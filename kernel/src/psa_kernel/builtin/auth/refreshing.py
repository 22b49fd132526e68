"""Trading refresh tokens, and what follows when one comes back after it was used."""

from typing import TYPE_CHECKING

from psa_kernel.builtin.auth.alerts import alert
from psa_kernel.builtin.auth.authenticate import forget_after_commit
from psa_kernel.builtin.auth.beginning import client_of, require_open
from psa_kernel.builtin.auth.sessions import Issued, Reused, rotate
from psa_kernel.builtin.auth.tokens import digest, well_formed
from psa_kernel.database.session import Session
from psa_kernel.principal import ANONYMOUS
from psa_sdk.access import Audience
from psa_sdk.errors import Unauthenticated

if TYPE_CHECKING:
    from uuid import UUID

    from psa_kernel.kernel import Kernel
    from psa_kernel.unit_of_work import RequestFacts


async def refresh(kernel: "Kernel", audience: Audience, token: str, request: "RequestFacts") -> Issued:
    """Trade a refresh token for fresh tokens; see `sessions.rotate`."""
    over = Unauthenticated("The session is over; log in again.", code="session_over")
    tenant_id = await tenant_of(kernel, token)
    if tenant_id is None:
        raise over
    async with kernel.unit(tenant_id, principal=ANONYMOUS, request=request) as unit:
        require_open(unit)
        try:
            return await rotate(unit, audience, token, client_of(request))
        except Reused as theft:
            await unit.audit("refresh_token_reused", "sessions", theft.session_id, account=theft.account_id)
            await alert(unit, theft.account_id, "session_stolen")
            forget_after_commit(unit)
    raise over


async def tenant_of(kernel: "Kernel", token: str) -> "UUID | None":
    """Return the tenant that a refresh or password token belongs to."""
    if not well_formed(token):
        return None
    async with Session(
        kernel.pool, tenant_id=None, multi_tenant=kernel.config.multi_tenant, readonly=True
    ) as session:
        return await session.connection.fetchval("SELECT psa.token_tenant($1)", digest(token))
