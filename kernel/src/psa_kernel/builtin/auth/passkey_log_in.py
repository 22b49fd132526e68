"""What a passkey does for a session: add one, pass the second step with it, log in with nothing else."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from psa_kernel.builtin.auth import accounts, local_passwords, lockout, passkeys, second_factor
from psa_kernel.builtin.auth.alerts import alert
from psa_kernel.builtin.auth.beginning import begin_session
from psa_kernel.builtin.auth.mfa_routes import go_on
from psa_kernel.builtin.auth.passkeys import Shown, Site
from psa_kernel.builtin.auth.sessions import Issued, Transport
from psa_kernel.builtin.auth.settings import AuthSettings
from psa_kernel.principal import ANONYMOUS, KernelPrincipal
from psa_sdk.access import Audience
from psa_sdk.errors import Unauthenticated

if TYPE_CHECKING:
    from psa_kernel.kernel import Kernel
    from psa_kernel.unit_of_work import RequestFacts, Unit

_WRONG = 5


async def add(
    unit: "Unit", who: KernelPrincipal, name: str, credential: Mapping[str, Any], site: Site
) -> tuple[UUID, list[str], Issued | None]:
    """Keep a new passkey; returns its id, recovery codes where there were none, and the session that follows.

    Raises `Invalid`; the challenge is used up all the same.
    """
    async with unit.kernel.unit(unit.tenant_id, principal=who, request=unit.request) as own:
        passkey = await passkeys.register(own, who, name, credential, site)
        codes = await second_factor.first_recovery_codes(own, who.id) if passkey else []
        issued = await go_on(own, who) if passkey else None
        if passkey:
            await alert(own, who.id, "passkey_added", name)
    if passkey is None:
        raise passkeys.refused()
    return passkey, codes, issued


async def confirm(
    unit: "Unit", who: KernelPrincipal, credential: Mapping[str, Any], site: Site
) -> Issued | None:
    """Take a passkey for the second step of a log-in, or as proof; returns the session that follows, if another does.

    Raises `Invalid` after counting the failure, `RateLimited` after too many.
    """
    subject = lockout.Subject(f"mfa:{who.id}", _WRONG)
    async with unit.kernel.unit(unit.tenant_id, principal=who, request=unit.request) as own:
        await lockout.require_unlocked(own, [subject], hold=True)
        shown = await passkeys.show(own, who, credential, site)
        if not await _believed(own, shown):
            await lockout.count_failure(own, [subject])
            await own.audit("mfa_failed", "users", who.id, method="passkey")
            shown = None
        issued = None
        if shown is not None:
            await lockout.forget_failures(own, subject)
            issued = await go_on(own, who)
    if shown is None:
        raise passkeys.refused()
    return issued


async def log_in(
    kernel: "Kernel",
    tenant_id: UUID | None,
    audience: Audience,
    credential: Mapping[str, Any],
    site: Site,
    request: "RequestFacts",
    *,
    transport: Transport = "bearer",
) -> Issued:
    """Begin a session by a passkey alone: what one has, and what its authenticator knows of its user.

    Raises `Unauthenticated` after counting the failure, `RateLimited`, `Forbidden` where single sign-on is enforced.
    """
    if tenant_id is None:
        raise _unknown()
    async with kernel.unit(tenant_id, principal=ANONYMOUS, request=request) as unit:
        rules = await unit.settings(AuthSettings)
        subject = lockout.address_subject(request.ip or "", rules.address_failures)
        await lockout.require_unlocked(unit, [subject])
        shown = await passkeys.show(unit, None, credential, site)
        facts = await accounts.by_id(unit, shown.account_id) if shown else None
        known = facts is not None and (facts.account.audience, facts.account.status) == (audience, "active")
        if facts is not None and known and await _believed(unit, shown):
            await local_passwords.require_allowed(unit, facts)
            return await begin_session(
                unit, facts.id, method="passkey", transport=transport, second_factor=True
            )
        await lockout.count_failure(unit, [subject])
        await unit.audit(
            "login_failed", "users", facts.id if facts else None, reason="passkey", audience=audience
        )
    raise _unknown()


async def _believed(unit: "Unit", shown: Shown | None) -> bool:
    if shown is None:
        return False
    if shown.copied:
        await unit.audit("passkey_copied", "users", shown.account_id, passkey=shown.id)
        await alert(unit, shown.account_id, "passkey_copied")
    return not shown.copied


def _unknown() -> Unauthenticated:
    return Unauthenticated("The passkey was not accepted; log in another way.", code="login_refused")
