"""What an account's next password must be: the organisation's rules, applied to its owner."""

from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from psa_kernel.builtin.auth import second_factor
from psa_kernel.builtin.auth.password_policy import weaknesses
from psa_kernel.builtin.auth.passwords import passwords
from psa_kernel.builtin.auth.refreshing import tenant_of
from psa_kernel.builtin.auth.settings import AuthSettings
from psa_kernel.builtin.auth.tokens import digest
from psa_kernel.principal import ANONYMOUS
from psa_sdk.access import Audience
from psa_sdk.context import Context
from psa_sdk.errors import Fault, Invalid

if TYPE_CHECKING:
    from psa_kernel.builtin.auth.accounts import LoginFacts
    from psa_kernel.kernel import Kernel
    from psa_kernel.unit_of_work import Unit

_POINTER = "/data/attributes/new_password"


class Rules(msgspec.Struct, frozen=True):
    """What holds for one account's next password."""

    shortest: int
    """In characters."""
    history: int
    """How many earlier ones don't come back."""
    context: Sequence[str]
    """What everybody knows about its owner."""


async def rules_of(unit: "Unit", facts: "LoginFacts") -> Rules:
    """Return the rules for an account."""
    tenant, account = unit.tenant_facts, facts.account
    return Rules(
        await shortest(unit, facts.id),
        (await unit.settings(AuthSettings)).password_history,
        [account.name, account.email, tenant.name, tenant.slug],
    )


async def shortest(ctx: Context, account_id: UUID) -> int:
    """Return how many characters an account's next password must have: fewer where a second factor is required.

    One that its owner has by choice doesn't count, since they may remove it again.
    """
    settings = await ctx.settings(AuthSettings)
    required = (await second_factor.state(ctx, account_id)).required
    return settings.password_min_length_beside_factor if required else settings.password_min_length


async def shortest_by(kernel: "Kernel", audience: Audience, token: str) -> int:
    """Return the same for the holder of a reset or invitation token; the usual one for a token that is none."""
    tenant_id = await tenant_of(kernel, token)
    if tenant_id is not None:
        async with kernel.unit(tenant_id, principal=ANONYMOUS, readonly=True) as unit:
            account = await unit.db.fetch_value(
                "SELECT a.id FROM psa.password_request r JOIN psa.account a"
                " ON a.tenant_id = r.tenant_id AND a.id = r.account WHERE r.token_hash = $1 AND a.audience = $2",
                digest(token),
                audience,
            )
            if account is not None:
                return await shortest(unit, account)
    return AuthSettings().password_min_length


async def accepted(facts: "LoginFacts", new: str, rules: Rules) -> str:
    """Return a new password's hash; raises `Invalid` with everything that speaks against it."""
    queue = passwords()
    found = await queue.compute(lambda: weaknesses(new, min_length=rules.shortest, context=rules.context))
    if not found:
        former = [phc for phc in (facts.phc, *facts.history) if phc][: rules.history]
        if await queue.matches_any(former, new):
            found = [f"The password is among your last {rules.history}; choose a new one."]
    if found:
        raise Invalid(
            faults=[Fault(detail=text, code="password_weak", pointer=_POINTER) for text in found],
            code="password_weak",
        )
    return await queue.hash(new)
