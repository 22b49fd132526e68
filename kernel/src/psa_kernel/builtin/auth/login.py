"""Logging in: who it is, without telling anybody who it isn't.

An unknown address, a wrong password, a disabled account and an unknown tenant get the same answer after the same
work (AUTH-02). No connection is held while a password is checked.
"""

from typing import TYPE_CHECKING

import msgspec

from psa_kernel.builtin.auth import accounts, local_passwords, lockout
from psa_kernel.builtin.auth.alerts import alert
from psa_kernel.builtin.auth.beginning import begin_by_password, begin_session, require_open
from psa_kernel.builtin.auth.door import door
from psa_kernel.builtin.auth.passwords import Verdict, passwords
from psa_kernel.builtin.auth.sessions import Issued, Transport
from psa_kernel.builtin.auth.settings import AuthSettings
from psa_kernel.principal import ANONYMOUS
from psa_sdk.access import Audience
from psa_sdk.errors import Problem, Unauthenticated
from psa_sdk.sign_in import PasswordAuthority, PasswordCheck

if TYPE_CHECKING:
    from uuid import UUID

    from psa_kernel.builtin.auth.accounts import LoginFacts
    from psa_kernel.kernel import Kernel
    from psa_kernel.unit_of_work import RequestFacts, Unit


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody asking to be let in."""

    audience: Audience
    email: str
    password: str
    transport: Transport = "bearer"


async def log_in(
    kernel: "Kernel", tenant_id: "UUID | None", attempt: Attempt, request: "RequestFacts"
) -> Issued:
    """Check a password and open a session.

    Raises `Unauthenticated`, `RateLimited` while locked, `Unavailable` when too many wait.
    """
    async with door(kernel).passed():
        if tenant_id is None:
            await passwords().check(None, attempt.password)
            raise refused()
        begun = await _log_in(kernel, tenant_id, attempt, request)
    if isinstance(begun, Issued):
        return begun
    async with door(kernel).elsewhere(tenant_id):
        return await _let_in_by(kernel, tenant_id, begun, attempt, request)


async def _log_in(
    kernel: "Kernel", tenant_id: "UUID", attempt: Attempt, request: "RequestFacts"
) -> "Issued | PasswordCheck":
    """Check a password of ours and open a session, or return who checks it in our place."""
    async with kernel.unit(tenant_id, principal=ANONYMOUS, request=request, readonly=True) as unit:
        subjects = await _subjects(unit, attempt)
        await lockout.require_unlocked(unit, subjects)
        facts = await accounts.by_email(unit, attempt.audience, attempt.email)
        authority = await _authority(unit, attempt)
    if authority is not None:
        return authority
    verdict = await passwords().check(facts.phc if facts else None, attempt.password)
    if facts and verdict.matches and facts.account.status == "active":
        async with kernel.unit(tenant_id, principal=accounts.acting(facts.account), request=request) as unit:
            await lockout.require_unlocked(unit, subjects, hold=True)
            return await _let_in(unit, facts, verdict, attempt, subjects[0])
    async with kernel.unit(tenant_id, principal=ANONYMOUS, request=request) as unit:
        known = facts.id if facts else None
        problem = await _keep_out(unit, attempt, subjects, known, _reason(facts, verdict))
    raise problem


async def _authority(unit: "Unit", attempt: Attempt) -> PasswordCheck | None:
    if not attempt.password or not unit.provides(PasswordAuthority):
        return None
    if await local_passwords.is_named(unit, attempt.email):
        return None
    return await unit.service(PasswordAuthority).check_of(attempt.audience, attempt.email)


async def _let_in_by(
    kernel: "Kernel",
    tenant_id: "UUID",
    authority: PasswordCheck,
    attempt: Attempt,
    request: "RequestFacts",
) -> Issued:
    """Let somebody in whose password another server checks."""
    subject = await authority(attempt.password)
    async with kernel.unit(tenant_id, principal=ANONYMOUS, request=request) as unit:
        subjects = await _subjects(unit, attempt)
        await lockout.require_unlocked(unit, subjects, hold=True)
        admitting = unit.service(PasswordAuthority)
        account = await admitting.admit(attempt.audience, attempt.email, subject) if subject else None
        if account is not None and account.status != "disabled":
            await lockout.forget_failures(unit, subjects[0])
            return await begin_session(unit, account.id, method="directory", transport=attempt.transport)
        reason = "wrong_password" if subject is None else "not_admitted"
        problem = await _keep_out(unit, attempt, subjects, account.id if account else None, reason)
    raise problem


def refused() -> Unauthenticated:
    """Return the one answer to every log-in that fails."""
    return Unauthenticated("The e-mail address or the password is wrong.", code="login_refused")


async def _subjects(unit: "Unit", attempt: Attempt) -> list[lockout.Subject]:
    rules = await unit.settings(AuthSettings)
    email = accounts.normalise_email(attempt.email)
    return [
        lockout.account_subject(attempt.audience, email, rules.lockout_failures),
        lockout.address_subject(unit.request.ip or "", rules.address_failures),
    ]


async def _let_in(
    unit: "Unit", facts: "LoginFacts", verdict: Verdict, attempt: Attempt, subject: lockout.Subject
) -> Issued:
    require_open(unit)
    await local_passwords.require_allowed(unit, facts)
    await lockout.forget_failures(unit, subject)
    if verdict.rehashed:
        await unit.db.execute(
            "UPDATE psa.password SET hash = $2 WHERE account = $1 AND hash = $3",
            facts.id,
            verdict.rehashed,
            facts.phc,
        )
    return await begin_by_password(unit, facts, attempt.transport)


def _reason(facts: "LoginFacts | None", verdict: Verdict) -> str:
    if facts is None:
        return "unknown_address"
    if verdict.matches:
        return f"account_{facts.account.status}"
    return "wrong_password" if facts.phc else "no_password"


async def _keep_out(
    unit: "Unit",
    attempt: Attempt,
    subjects: list[lockout.Subject],
    account: "UUID | None",
    reason: str,
) -> Problem:
    """Count and audit a failure and return what is answered, which tells no reason."""
    pause = await lockout.count_failure(unit, subjects)
    if account is not None and pause is None and await lockout.is_locked(unit, subjects[0]):
        await alert(unit, account, "locked_out")
    await unit.audit(
        "login_failed",
        "users",
        account,
        reason="locked" if pause else reason,
        email=attempt.email[:254],
        audience=attempt.audience,
    )
    return lockout.refusal(pause) if pause else refused()
