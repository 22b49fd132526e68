"""Logging in: who it is, without telling anybody who it isn't.

An unknown address, a wrong password, a disabled account and an unknown tenant get the same answer after the same
work (AUTH-02). No connection is held while a password is checked.
"""

import copy
import datetime
from typing import TYPE_CHECKING

import msgspec

from psa_kernel.builtin.auth import accounts, devices, local_passwords, lockout
from psa_kernel.builtin.auth import second_factor as factors
from psa_kernel.builtin.auth.alerts import alert
from psa_kernel.builtin.auth.authenticate import forget_after_commit
from psa_kernel.builtin.auth.door import door
from psa_kernel.builtin.auth.passwords import Verdict, passwords
from psa_kernel.builtin.auth.sessions import (
    Client,
    Issued,
    Reused,
    Transport,
    end_sessions,
    open_session,
    rotate,
)
from psa_kernel.builtin.auth.settings import AuthSettings
from psa_kernel.builtin.auth.tokens import digest, well_formed
from psa_kernel.database.session import Session
from psa_kernel.principal import ANONYMOUS
from psa_sdk.access import Audience
from psa_sdk.errors import Forbidden, Problem, Unauthenticated
from psa_sdk.sign_in import PasswordAuthority, PasswordCheck

if TYPE_CHECKING:
    from uuid import UUID

    from psa_kernel.builtin.auth.accounts import LoginFacts
    from psa_kernel.kernel import Kernel
    from psa_kernel.principal import KernelPrincipal
    from psa_kernel.unit_of_work import RequestFacts, Unit
    from psa_sdk.identity import Account

PASSWORD_EXPIRED = "password_expired"  # noqa: S105 - a state, no password


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody asking to be let in."""

    audience: Audience
    email: str
    password: str
    transport: Transport = "bearer"


def client_of(request: "RequestFacts") -> Client:
    """Return where a request comes from."""
    return Client(request.ip or "", request.user_agent or "")


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
        problem = await _keep_out(unit, facts, verdict, attempt, subjects)
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
        pause = await lockout.count_failure(unit, subjects)
        reason = "wrong_password" if subject is None else "not_admitted"
        await unit.audit(
            "login_failed",
            "users",
            account.id if account else None,
            reason="locked" if pause else reason,
            email=attempt.email[:254],
            audience=attempt.audience,
        )
        problem = lockout.refusal(pause) if pause else refused()
    raise problem


async def begin_session(
    unit: "Unit", account_id: "UUID", *, method: str, transport: Transport, second_factor: bool | None = None
) -> Issued:
    """Begin a session of somebody whom another vouches for.

    `second_factor` tells whether one was shown; None leaves it to ours. Raises `Unauthenticated` for a disabled
    account, `Forbidden` while the tenant is suspended.
    """
    facts = await accounts.by_id(unit, account_id)
    if facts is None or facts.account.status == "disabled":
        raise Unauthenticated("This account can't log in.", code="account_disabled")
    require_open(unit)
    own = copy.copy(unit)
    own.principal = accounts.acting(facts.account)
    await own.db.execute(
        "UPDATE psa.account SET last_login_at = $2, status = 'active', version = version + (status = 'invited')::int"
        " WHERE id = $1",
        account_id,
        own.now,
    )
    confined = await factors.confinement(own, account_id) if second_factor is None else ""
    issued = await open_session(
        own,
        account_id,
        client_of(own.request),
        transport=transport,
        confined=confined,
        lasts=factors.PENDING.get(confined),
        proven=bool(second_factor),
    )
    if not confined:
        await devices.remember(own, account_id)
    action = "password_passed" if confined else "login"
    await own.audit(
        action,
        "users",
        account_id,
        session=issued.session_id,
        audience=facts.account.audience,
        method=method,
    )
    forget_after_commit(own)
    return issued


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


async def lock_of(unit: "Unit", account: "Account") -> lockout.Subject:
    """Return what an account's failures are counted under."""
    rules = await unit.settings(AuthSettings)
    email = accounts.normalise_email(account.email)
    return lockout.account_subject(account.audience, email, rules.lockout_failures)


async def unlock(unit: "Unit", account: "Account") -> None:
    """Let an account try again at once after too many wrong passwords."""
    await lockout.forget_failures(unit, await lock_of(unit, account))
    await unit.audit("unlocked", "users", account.id)


async def tenant_of(kernel: "Kernel", token: str) -> "UUID | None":
    """Return the tenant that a refresh or password token belongs to."""
    if not well_formed(token):
        return None
    async with Session(
        kernel.pool, tenant_id=None, multi_tenant=kernel.config.multi_tenant, readonly=True
    ) as session:
        return await session.connection.fetchval("SELECT psa.token_tenant($1)", digest(token))


def require_open(unit: "Unit") -> None:
    """Raise `Forbidden` while the tenant is suspended."""
    if unit.tenant_facts.status != "active":
        raise Forbidden("This organisation is suspended; ask its provider.", code="tenant_suspended")


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
    await unit.db.execute("UPDATE psa.account SET last_login_at = $2 WHERE id = $1", facts.id, unit.now)
    half = await factors.confinement(unit, facts.id)
    issued = await open_session(
        unit,
        facts.id,
        client_of(unit.request),
        transport=attempt.transport,
        confined=half or await _unfinished(unit, facts),
        lasts=factors.PENDING[half] if half else None,
    )
    if not half:
        await devices.remember(unit, facts.id)
    action = "password_passed" if half else "login"
    await unit.audit(action, "users", facts.id, session=issued.session_id, audience=attempt.audience)
    return issued


async def finish(unit: "Unit", who: "KernelPrincipal") -> Issued:
    """Begin the session of somebody who has passed the second step, in place of the one confined to it.

    Raises `Unauthenticated` when that is over already.
    """
    transport = await unit.db.fetch_value(
        "SELECT transport FROM psa.session WHERE id = $1 AND revoked_at IS NULL FOR UPDATE", who.session_id
    )
    facts = await accounts.by_id(unit, who.id)
    if transport is None or facts is None:
        raise Unauthenticated("The session is over; log in again.", code="session_over")
    await end_sessions(unit, who.id, "second_step_passed", only=who.session_id)
    issued = await open_session(
        unit,
        who.id,
        client_of(unit.request),
        transport=transport,
        confined=await _unfinished(unit, facts),
        proven=True,
    )
    await devices.remember(unit, who.id)
    await unit.audit("login", "users", who.id, session=issued.session_id, audience=who.audience)
    forget_after_commit(unit)
    return issued


async def _unfinished(unit: "Unit", facts: "LoginFacts") -> str:
    return PASSWORD_EXPIRED if await _expired(unit, facts) else ""


async def _expired(unit: "Unit", facts: "LoginFacts") -> bool:
    days = (await unit.settings(AuthSettings)).password_max_age_days
    changed = facts.changed_at
    return bool(days and changed and unit.now - changed > datetime.timedelta(days=days))


async def _keep_out(
    unit: "Unit",
    facts: "LoginFacts | None",
    verdict: Verdict,
    attempt: Attempt,
    subjects: list[lockout.Subject],
) -> Problem:
    pause = await lockout.count_failure(unit, subjects)
    if facts is not None and pause is None and await lockout.is_locked(unit, subjects[0]):
        await alert(unit, facts.id, "locked_out")
    if facts is None:
        reason = "unknown_address"
    elif verdict.matches:
        reason = f"account_{facts.account.status}"
    else:
        reason = "wrong_password" if facts.phc else "no_password"
    await unit.audit(
        "login_failed",
        "users",
        facts.id if facts else None,
        reason="locked" if pause else reason,
        email=attempt.email[:254],
        audience=attempt.audience,
    )
    return lockout.refusal(pause) if pause else refused()
