"""The second factor: an authenticator app, recovery codes beside it, and proof of them when it matters.

A password alone gives a session in which nothing but the second step is open, for five minutes (AUTH-11). Passing
it ends that session and begins another (AUTH-04). Sensitive actions want a proof of the last five minutes (AUTH-12).
"""

import datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID

import msgspec

from psa_kernel.builtin.auth import lockout, recovery_codes, totp
from psa_kernel.builtin.auth.alerts import alert
from psa_kernel.builtin.auth.authenticate import forget_after_commit
from psa_kernel.builtin.auth.sessions import end_sessions
from psa_kernel.builtin.auth.settings import AuthSettings
from psa_sdk.context import Context, Row
from psa_sdk.errors import Conflict, Forbidden, Invalid
from psa_sdk.tables import new_id

if TYPE_CHECKING:
    from psa_kernel.principal import KernelPrincipal
    from psa_kernel.unit_of_work import Unit

REQUIRED: Final = "mfa_required"
"""The password was right; a code is wanted."""
SETUP_REQUIRED: Final = "mfa_setup_required"
"""The organisation wants a second factor, and there is none yet."""
PENDING = {REQUIRED: datetime.timedelta(minutes=5), SETUP_REQUIRED: datetime.timedelta(minutes=15)}
"""How long the second step stays open."""
FRESH = datetime.timedelta(minutes=5)
_WRONG_CODES: Final = 5
_TABLE: Final = "psa.authenticator"


class State(msgspec.Struct, frozen=True, kw_only=True):
    """How an account stands; `required` says that its organisation wants a second factor of it."""

    enabled: bool
    required: bool
    enabled_at: datetime.datetime | None
    """Since when there is an authenticator."""
    passkeys: int
    recovery_codes_left: int


class Enrolment(msgspec.Struct, frozen=True, kw_only=True):
    """What an authenticator app needs; `address` is in the QR code."""

    secret: str
    address: str


async def state(ctx: Context, account: UUID) -> State:
    """Return an account's second factor and whether one is required."""
    row = await ctx.db.fetch_one(
        "SELECT (SELECT confirmed_at FROM psa.authenticator WHERE account = $1) AS enabled_at,"
        " (SELECT count(*) FROM psa.passkey WHERE account = $1) AS passkeys,"
        " (SELECT count(*) FROM psa.recovery_code WHERE account = $1 AND used_at IS NULL) AS left,"
        " a.audience, EXISTS (SELECT FROM psa.role_assignment x JOIN psa.role r ON r.id = x.role"
        "   WHERE x.account = a.id AND r.requires_second_factor) AS by_role FROM psa.account a WHERE a.id = $1",
        account,
    )
    assert row is not None
    wanted = (await ctx.settings(AuthSettings)).second_factor
    enabled = row["enabled_at"] is not None or row["passkeys"] > 0
    return State(
        enabled=enabled,
        required=row["by_role"]
        or wanted == "everybody"
        or (wanted == "staff" and row["audience"] == "staff"),
        enabled_at=row["enabled_at"],
        passkeys=row["passkeys"],
        recovery_codes_left=row["left"] if enabled else 0,
    )


async def confinement(ctx: Context, account: UUID) -> str:
    """Return what a session that begins with the password is confined to; empty for nothing."""
    found = await state(ctx, account)
    return REQUIRED if found.enabled else SETUP_REQUIRED if found.required else ""


async def enrol(unit: "Unit", who: "KernelPrincipal", email: str) -> Enrolment:
    """Begin to set an authenticator up, in place of one that was never confirmed."""
    found = await state(unit, who.id)
    if found.enabled_at is not None:
        raise Conflict(
            "There is an authenticator already; remove it before you set up another.", code="mfa_enabled"
        )
    if found.enabled:
        await require_proof(unit, who)
    secret, row = totp.new_secret(), new_id()
    sealed = await unit.kernel.keys.seal(unit.tenant_id, _TABLE, "secret", row, secret)
    await unit.db.execute("DELETE FROM psa.authenticator WHERE account = $1", who.id)
    await unit.db.execute(
        "INSERT INTO psa.authenticator (id, account, secret) VALUES ($1, $2, $3)", row, who.id, sealed
    )
    return Enrolment(
        secret=secret, address=totp.address(secret, account=email, issuer=unit.tenant_facts.name)
    )


async def awaits_first_code(ctx: Context, account: UUID) -> bool:
    """Tell whether an authenticator was set up and not confirmed yet."""
    return await ctx.db.fetch_value(
        "SELECT EXISTS (SELECT FROM psa.authenticator WHERE account = $1 AND confirmed_at IS NULL)", account
    )


async def confirm(unit: "Unit", who: "KernelPrincipal", code: str) -> list[str] | None:
    """Take an authenticator into use by its first code and return the recovery codes; None for a wrong code.

    Whoever has recovery codes already, for a passkey, keeps them and gets none.

    Commit in that case too: wrong codes are counted.
    """
    if not await _right(unit, who.id, code, confirmed=False):
        return None
    await unit.db.execute(
        "UPDATE psa.authenticator SET confirmed_at = $2, updated_at = $2 WHERE account = $1", who.id, unit.now
    )
    await unit.audit("mfa_enabled", "users", who.id)
    await alert(unit, who.id, "second_factor_added")
    return await first_recovery_codes(unit, who.id)


async def prove(unit: "Unit", account: UUID, code: str) -> bool:
    """Tell whether a code of the authenticator or a recovery code is right, and use it up.

    Raises `RateLimited` after too many wrong ones. Commit whatever it tells: wrong codes are counted.
    """
    return await _right(unit, account, code, confirmed=True)


async def mark_proven(unit: "Unit", session: UUID) -> None:
    """Remember that a session has just proven its second factor."""
    await unit.db.execute("UPDATE psa.session SET proven_at = $2 WHERE id = $1", session, unit.now)


async def require_proof(ctx: Context, who: "KernelPrincipal") -> None:
    """Raise `Forbidden` (`step_up_required`) where an account with a second factor hasn't proven it lately.

    API keys can't prove anything, so what wants proof is closed to them.
    """
    if who.session_id is None:
        raise Forbidden("This wants a person who is logged in, not an API key.", code="person_needed")
    refuse_impersonator(who)
    row = await ctx.db.fetch_one(
        "SELECT s.proven_at FROM psa.session s WHERE s.id = $1 AND (EXISTS (SELECT FROM psa.authenticator a"
        " WHERE a.account = s.account AND a.confirmed_at IS NOT NULL)"
        " OR EXISTS (SELECT FROM psa.passkey p WHERE p.account = s.account))",
        who.session_id,
    )
    if row is None or (row["proven_at"] is not None and ctx.now - row["proven_at"] <= FRESH):
        return
    raise Forbidden(
        "Confirm your second factor first, in your profile or by POST /auth/mfa/verify.",
        code="step_up_required",
    )


async def first_recovery_codes(unit: "Unit", account: UUID) -> list[str]:
    """Return new recovery codes for somebody who has none at all."""
    held = await unit.db.fetch_value(
        "SELECT EXISTS (SELECT FROM psa.recovery_code WHERE account = $1)", account
    )
    return [] if held else await renew_recovery_codes(unit, account)


def refuse_impersonator(who: "KernelPrincipal") -> None:
    """Raise `Forbidden` (`impersonating`) for somebody who acts as another: credentials are the owner's alone."""
    if who.impersonator_id is not None:
        raise Forbidden("End the impersonation first; this is the owner's alone.", code="impersonating")


async def renew_recovery_codes(unit: "Unit", account: UUID) -> list[str]:
    """Replace an account's recovery codes and return the new ones; they are shown once."""
    codes = recovery_codes.new_codes()
    await unit.db.execute("DELETE FROM psa.recovery_code WHERE account = $1", account)
    await unit.db.execute(
        "INSERT INTO psa.recovery_code (account, code_hash) SELECT $1, unnest($2::text[])",
        account,
        [recovery_codes.digest(code) for code in codes],
    )
    return codes


async def remove(unit: "Unit", account: UUID) -> None:
    """Take an account's authenticator away, and the recovery codes unless passkeys are left."""
    await unit.db.execute("DELETE FROM psa.authenticator WHERE account = $1", account)
    await forget_codes_without_factor(unit, account)
    await unit.audit("mfa_disabled", "users", account)
    await alert(unit, account, "second_factor_removed")
    forget_after_commit(unit)


async def forget_codes_without_factor(unit: "Unit", account: UUID) -> None:
    """Remove recovery codes that nothing is left to recover."""
    if not (await state(unit, account)).enabled:
        await unit.db.execute("DELETE FROM psa.recovery_code WHERE account = $1", account)


async def reset(unit: "Unit", account: UUID) -> None:
    """Take the second factor away from somebody who lost it, passkeys too, and end their sessions."""
    await unit.db.execute("DELETE FROM psa.passkey WHERE account = $1", account)
    await remove(unit, account)
    ended = await end_sessions(unit, account, "mfa_reset")
    await unit.audit("mfa_reset", "users", account, sessions_ended=ended)


def wrong_code() -> Invalid:
    """Return the answer to a wrong code."""
    return Invalid(
        "The code is wrong, used or too old; wait for the next one.",
        code="code_refused",
        pointer="/data/attributes/code",
    )


async def _right(unit: "Unit", account: UUID, code: str, *, confirmed: bool) -> bool:
    # The row's lock lets one try after the other in: no code counts twice, no try escapes the count.
    row = await unit.db.fetch_one(
        "SELECT id, secret, last_step, confirmed_at FROM psa.authenticator WHERE account = $1 FOR UPDATE",
        account,
    )
    subject = lockout.Subject(f"mfa:{account}", _WRONG_CODES)
    await lockout.require_unlocked(unit, [subject], hold=True)
    if row is None or (row["confirmed_at"] is not None) != confirmed:
        if not confirmed:
            raise Conflict(
                "There is no authenticator to confirm; begin with POST /auth/mfa/setup.",
                code="mfa_not_set_up",
            )
        row = None
    step = await _step(unit, row, code) if row else None
    if row is not None and step is not None:
        await unit.db.execute("UPDATE psa.authenticator SET last_step = $2 WHERE id = $1", row["id"], step)
    elif not (confirmed and await _recovered(unit, account, code)):
        await lockout.count_failure(unit, [subject])
        await unit.audit("mfa_failed", "users", account)
        return False
    await lockout.forget_failures(unit, subject)
    return True


async def _step(unit: "Unit", row: Row, code: str) -> int | None:
    secret = await unit.kernel.keys.open_sealed(unit.tenant_id, _TABLE, "secret", row["id"], row["secret"])
    return totp.accepted_step(secret, code.replace(" ", ""), unit.now, row["last_step"])


async def _recovered(unit: "Unit", account: UUID, code: str) -> bool:
    tag = await unit.db.execute(
        "UPDATE psa.recovery_code SET used_at = $3 WHERE account = $1 AND code_hash = $2 AND used_at IS NULL",
        account,
        recovery_codes.digest(code),
        unit.now,
    )
    if tag != "UPDATE 1":
        return False
    await unit.audit("recovery_code_used", "users", account)
    await alert(unit, account, "recovery_code_used")
    return True
