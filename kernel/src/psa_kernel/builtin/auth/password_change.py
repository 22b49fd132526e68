"""Setting passwords: a change by its owner, a reset or invitation by token, a first one by the operator.

A new password ends all other sessions and voids all requests for one (AUTH-22).
"""

import datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID

from psa_kernel.builtin.auth import accounts, lockout
from psa_kernel.builtin.auth.alerts import alert
from psa_kernel.builtin.auth.authenticate import forget_after_commit
from psa_kernel.builtin.auth.password_rules import Rules, accepted, rules_of
from psa_kernel.builtin.auth.passwords import passwords
from psa_kernel.builtin.auth.refreshing import tenant_of
from psa_kernel.builtin.auth.sessions import end_sessions
from psa_kernel.builtin.auth.settings import AuthSettings
from psa_kernel.builtin.auth.tokens import RESET, digest
from psa_kernel.principal import ANONYMOUS, KernelPrincipal
from psa_kernel.signing import TenantSigner
from psa_sdk.access import Audience
from psa_sdk.context import Context
from psa_sdk.errors import Invalid, NotFound
from psa_sdk.identity import PasswordPurpose, PasswordRequested, PasswordToken
from psa_sdk.tables import new_id

if TYPE_CHECKING:
    from psa_kernel.builtin.auth.accounts import LoginFacts
    from psa_kernel.kernel import Kernel
    from psa_kernel.unit_of_work import RequestFacts, Unit

_INVITATION: Final = datetime.timedelta(hours=72)


async def change(
    kernel: "Kernel", who: KernelPrincipal, current: str, new: str, request: "RequestFacts"
) -> None:
    """Replace a person's own password; their present session stays.

    Raises `Invalid` for a wrong current password or a weak new one, `RateLimited` after too many wrong ones.
    """
    assert who.tenant_id is not None
    async with kernel.unit(who.tenant_id, principal=who, request=request, readonly=True) as unit:
        facts = await accounts.by_id(unit, who.id)
        assert facts is not None
        subject = await lockout.lock_of(unit, facts.account)
        await lockout.require_unlocked(unit, [subject])
        rules = await rules_of(unit, facts)
    verdict = await passwords().check(facts.phc, current)
    if not verdict.matches:
        async with kernel.unit(who.tenant_id, principal=who, request=request) as unit:
            pause = await lockout.count_failure(unit, [subject])
            await unit.audit("password_change_failed", "users", who.id, reason="wrong_password")
        raise (
            lockout.refusal(pause)
            if pause
            else Invalid(
                "The current password is wrong.",
                code="current_password_wrong",
                pointer="/data/attributes/current_password",
            )
        )
    phc = await accepted(facts, new, rules)
    async with kernel.unit(who.tenant_id, principal=who, request=request) as unit:
        await lockout.require_unlocked(unit, [subject], hold=True)
        await _store(unit, facts, phc, rules, keep=who.session_id, because="password_changed")


async def redeem(kernel: "Kernel", audience: Audience, token: str, new: str, request: "RequestFacts") -> None:
    """Set a password with a reset or invitation token of this audience, once.

    Raises `Invalid` for a token that is used, replaced or over, and for a weak password (the token stays good).
    """
    tenant_id = await tenant_of(kernel, token)
    if tenant_id is None:
        raise _spent()
    async with kernel.unit(tenant_id, principal=ANONYMOUS, request=request, readonly=True) as unit:
        row = await unit.db.fetch_one(
            "SELECT account, email FROM psa.password_request WHERE token_hash = $1 AND expires_at > $2",
            digest(token),
            unit.now,
        )
        facts = await accounts.by_id(unit, row["account"]) if row else None
        if (
            row is None
            or facts is None
            or not _usable(facts, row["email"])
            or facts.account.audience != audience
        ):
            raise _spent()
        rules = await rules_of(unit, facts)
    phc = await accepted(facts, new, rules)
    async with kernel.unit(tenant_id, principal=accounts.acting(facts.account), request=request) as unit:
        taken = await unit.db.fetch_value(
            "DELETE FROM psa.password_request WHERE token_hash = $1 AND expires_at > $2 RETURNING id",
            digest(token),
            unit.now,
        )
        again = await accounts.by_id(unit, facts.id)
        if taken is None or again is None or not _usable(again, facts.account.email):
            raise _spent()
        await unit.db.execute(
            "UPDATE psa.account SET status = 'active', updated_at = $2, version = version + 1"
            " WHERE id = $1 AND status = 'invited'",
            facts.id,
            unit.now,
        )
        await _store(unit, again, phc, rules, because="password_reset")


async def set_password(kernel: "Kernel", tenant_id: UUID, account_id: UUID, new: str) -> None:
    """Set a password as the operator, under the tenant's policy; raises `Invalid`."""
    async with kernel.unit(tenant_id, readonly=True) as unit:
        facts = await accounts.by_id(unit, account_id)
        if facts is None:
            raise NotFound(f"There is no account {account_id}.")
        rules = await rules_of(unit, facts)
    phc = await accepted(facts, new, rules)
    async with kernel.unit(tenant_id) as unit:
        await unit.db.execute(
            "UPDATE psa.account SET status = 'active', updated_at = $2, version = version + 1"
            " WHERE id = $1 AND status = 'invited'",
            account_id,
            unit.now,
        )
        await _store(unit, facts, phc, rules, because="password_set")


async def request_password(ctx: Context, account_id: UUID) -> UUID:
    """Let an account set a password once, in place of any earlier request; tells whoever sends mail."""
    facts = await accounts.by_id(ctx, account_id)
    if facts is None or facts.account.status == "disabled":
        raise NotFound(f"There is no active account {account_id}.")
    purpose: PasswordPurpose = "reset" if facts.phc else "invitation"
    reset = datetime.timedelta(minutes=(await ctx.settings(AuthSettings)).reset_minutes)
    request_id = new_id()
    await ctx.db.execute("DELETE FROM psa.password_request WHERE account = $1", account_id)
    await ctx.db.execute(
        "INSERT INTO psa.password_request (id, created_at, account, purpose, email, expires_at)"
        " VALUES ($1, $2, $3, $4, $5, $6)",
        request_id,
        ctx.now,
        account_id,
        purpose,
        facts.account.email,
        ctx.now + (reset if purpose == "reset" else _INVITATION),
    )
    await ctx.emit(PasswordRequested(request_id=request_id, account_id=account_id, purpose=purpose))
    await ctx.audit("password_requested", "users", account_id, purpose=purpose)
    return request_id


async def mint_token(ctx: Context, request_id: UUID) -> PasswordToken:
    """Make the token of a request; raises `NotFound` when it is used or over.

    Whoever asks gets the same: the link that an administrator was shown is good beside the one that is mailed.
    """
    token = f"{RESET}_{TenantSigner(ctx).sign('auth.password_request', request_id.hex).hex()}"
    row = await ctx.db.fetch_one(
        "UPDATE psa.password_request SET token_hash = $2 WHERE id = $1 AND expires_at > $3"
        " RETURNING account, purpose, email, expires_at",
        request_id,
        digest(token),
        ctx.now,
    )
    facts = await accounts.by_id(ctx, row["account"]) if row else None
    if row is None or facts is None or not _usable(facts, row["email"]):
        raise NotFound(f"The password request {request_id} is used or over.")
    return PasswordToken(
        account=facts.account, purpose=row["purpose"], token=token, expires_at=row["expires_at"]
    )


async def _store(
    unit: "Unit",
    facts: "LoginFacts",
    phc: str,
    rules: Rules,
    *,
    because: str,
    keep: UUID | None = None,
) -> None:
    history = [old for old in (facts.phc, *facts.history) if old][: rules.history]
    await unit.db.execute(
        "INSERT INTO psa.password (id, account, hash, history, changed_at) VALUES ($1, $2, $3, $4, $5)"
        " ON CONFLICT (tenant_id, account) DO UPDATE SET hash = excluded.hash, history = excluded.history,"
        " changed_at = excluded.changed_at, updated_at = excluded.changed_at",
        new_id(),
        facts.id,
        phc,
        history,
        unit.now,
    )
    await unit.db.execute("DELETE FROM psa.password_request WHERE account = $1", facts.id)
    ended = await end_sessions(unit, facts.id, because, but=keep)
    if keep is not None:
        await unit.db.execute("UPDATE psa.session SET confined = '' WHERE id = $1", keep)
    await lockout.forget_failures(unit, await lockout.lock_of(unit, facts.account))
    await unit.audit(because, "users", facts.id, sessions_ended=ended)
    if facts.phc is not None:
        await alert(unit, facts.id, "password_changed")
    forget_after_commit(unit)


def _usable(facts: "LoginFacts", email: str) -> bool:
    return facts.account.status != "disabled" and facts.account.email == email


def _spent() -> Invalid:
    return Invalid(
        "The link is used, replaced or too old; ask for a new one.",
        code="token_spent",
        pointer="/data/attributes/token",
    )
