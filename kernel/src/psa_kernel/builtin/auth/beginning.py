"""Beginning sessions: of somebody whose password was right, whom another vouches for, who has passed the second step."""

import copy
import datetime
from typing import TYPE_CHECKING

from msgspec import UNSET, UnsetType

from psa_kernel.builtin.auth import accounts, devices
from psa_kernel.builtin.auth import second_factor as factors
from psa_kernel.builtin.auth.authenticate import forget_after_commit
from psa_kernel.builtin.auth.replacing import end_in_browser
from psa_kernel.builtin.auth.sessions import (
    OURSELVES,
    Client,
    Issued,
    Transport,
    Vouched,
    end_sessions,
    open_session,
)
from psa_kernel.builtin.auth.settings import AuthSettings
from psa_sdk.errors import Forbidden, Unauthenticated

if TYPE_CHECKING:
    from uuid import UUID

    from psa_kernel.builtin.auth.accounts import LoginFacts
    from psa_kernel.principal import KernelPrincipal
    from psa_kernel.unit_of_work import RequestFacts, Unit
    from psa_sdk.identity import Account

PASSWORD_EXPIRED = "password_expired"  # noqa: S105 - a state, no password


def client_of(request: "RequestFacts") -> Client:
    """Return where a request comes from."""
    return Client(request.ip or "", request.user_agent or "")


def require_open(unit: "Unit") -> None:
    """Raise `Forbidden` while the tenant is suspended."""
    if unit.tenant_facts.status != "active":
        raise Forbidden("This organisation is suspended; ask its provider.", code="tenant_suspended")


async def begin_by_password(unit: "Unit", facts: "LoginFacts", transport: Transport) -> Issued:
    """Begin the session of somebody whose password was right, confined to what is still to be done."""
    await unit.db.execute("UPDATE psa.account SET last_login_at = $2 WHERE id = $1", facts.id, unit.now)
    confined = await factors.confinement(unit, facts.id) or await _unfinished(unit, facts)
    return await _begin(unit, facts.account, transport=transport, confined=confined)


async def begin_session(
    unit: "Unit",
    account_id: "UUID",
    *,
    method: str,
    transport: Transport,
    second_factor: bool | None = None,
    vouched: Vouched = OURSELVES,
    authenticated_at: datetime.datetime | UnsetType | None = UNSET,
) -> Issued:
    """Begin a session of somebody whom another vouches for.

    `second_factor` tells whether one was shown; None leaves it to ours. `authenticated_at` is as in `open_session`.
    Raises `Unauthenticated` for a disabled account, `Forbidden` while the tenant is suspended.
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
    issued = await _begin(
        own,
        facts.account,
        transport=transport,
        confined=confined,
        proven=bool(second_factor),
        vouched=vouched,
        authenticated_at=authenticated_at,
        method=method,
    )
    forget_after_commit(own)
    return issued


async def finish(unit: "Unit", who: "KernelPrincipal") -> Issued:
    """Begin the session of somebody who has passed the second step, in place of the one confined to it.

    Raises `Unauthenticated` when that is over already.
    """
    half = await unit.db.fetch_one(
        "SELECT transport, provider, provider_session, lineage, authenticated_at FROM psa.session"
        " WHERE id = $1 AND revoked_at IS NULL FOR UPDATE",
        who.session_id,
    )
    facts = await accounts.by_id(unit, who.id)
    if half is None or facts is None:
        raise Unauthenticated("The session is over; log in again.", code="session_over")
    await end_sessions(unit, who.id, "second_step_passed", only=who.session_id, goes_on=True)
    confined = await _unfinished(unit, facts)
    issued = await _begin(
        unit,
        facts.account,
        transport=half["transport"],
        confined=confined,
        proven=True,
        vouched=Vouched(half["provider"], half["provider_session"]),
        authenticated_at=half["authenticated_at"],
        lineage=half["lineage"],
    )
    forget_after_commit(unit)
    return issued


async def _begin(
    unit: "Unit",
    account: "Account",
    *,
    transport: Transport,
    confined: str,
    proven: bool = False,
    vouched: Vouched = OURSELVES,
    authenticated_at: datetime.datetime | UnsetType | None = UNSET,
    lineage: "UUID | None" = None,
    **told: str,
) -> Issued:
    half = confined in factors.PENDING
    if transport == "cookie" and unit.request.session is not None:
        former = await end_in_browser(unit, unit.request.session, "replaced", for_account=account.id)
        lineage = lineage or former
        forget_after_commit(unit)
    issued = await open_session(
        unit,
        account.id,
        client_of(unit.request),
        transport=transport,
        confined=confined,
        lasts=factors.PENDING.get(confined),
        proven=proven,
        vouched=vouched,
        lineage=lineage,
        authenticated_at=authenticated_at,
    )
    if not half:
        await devices.remember(unit, account.id)
    await unit.audit(
        "password_passed" if half else "login",
        "users",
        account.id,
        session=issued.session_id,
        audience=account.audience,
        **told,
    )
    return issued


async def _unfinished(unit: "Unit", facts: "LoginFacts") -> str:
    """Return what is still to be done after a log-in: an expired password is changed."""
    days = (await unit.settings(AuthSettings)).password_max_age_days
    changed = facts.changed_at
    expired = days and changed and unit.now - changed > datetime.timedelta(days=days)
    return PASSWORD_EXPIRED if expired else ""
