"""Beginning and ending an impersonation, and its route."""

from typing import Annotated, cast
from uuid import UUID

import msgspec
from msgspec import Meta

from psa_kernel.builtin.auth.authenticate import forget_after_commit
from psa_kernel.builtin.auth.beginning import client_of
from psa_kernel.builtin.auth.impersonation import LASTS, PERMISSION
from psa_kernel.builtin.auth.login_routes import SessionTokens, person, tokens
from psa_kernel.builtin.auth.sessions import (
    Issued,
    Transport,
    another_cookie,
    end_sessions,
    open_session,
)
from psa_kernel.builtin.auth.user_routes import manageable
from psa_kernel.principal import KernelPrincipal
from psa_kernel.unit_of_work import Unit
from psa_sdk.access import Audience
from psa_sdk.context import Context
from psa_sdk.errors import Conflict
from psa_sdk.routes import Answer, post


class Impersonate(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Why somebody is impersonated; it is kept in the audit log."""

    reason: Annotated[str, Meta(min_length=3, max_length=500)]


@post(
    "/users/{id:uuid}/impersonate",
    permission=PERMISSION,
    status=201,
    step_up=True,
    idempotent=False,
    returns=SessionTokens,
    answer_type="sessions",
)
async def impersonate(ctx: Context, id: UUID, body: Impersonate) -> Answer:
    """See what somebody sees, with no more rights than oneself, for half an hour; POST /auth/logout ends it."""
    _, issued = await begin_impersonation(cast(Unit, ctx), person(ctx), id, body.reason, transport="bearer")
    return tokens(issued, status=201)


async def begin_impersonation(
    unit: Unit, who: KernelPrincipal, id: UUID, reason: str, *, transport: Transport
) -> tuple[Audience, Issued]:
    """Begin a session in which somebody acts as another, who holds nothing beyond them.

    Raises `NotFound`, `Forbidden` (`exceeds_own_rights`), `Conflict` for oneself or who can't log in.
    """
    facts = await manageable(unit, id)
    if id == who.id:
        raise Conflict("This is your own account.", code="own_account")
    if facts.account.status != "active":
        raise Conflict(f"{facts.account.name} can't log in, so there is nothing to see.", code="not_active")
    issued = await open_session(unit, id, client_of(unit.request), transport=transport, lasts=LASTS)
    await unit.db.execute(
        "UPDATE psa.session SET impersonator = $2, behind = $3, reason = $4, idle_minutes = 0 WHERE id = $1",
        issued.session_id,
        who.id,
        who.session_id,
        reason.strip(),
    )
    await unit.audit("impersonation_began", "users", id, session=issued.session_id, reason=reason.strip())
    return facts.account.audience, issued


async def finish_impersonation(unit: Unit, who: KernelPrincipal) -> Issued | None:
    """End it; returns a fresh cookie of the impersonator's own session where it goes on in its place."""
    if who.impersonator_id is None:
        raise Conflict("Nobody is impersonated here.", code="not_impersonating")
    behind = await unit.db.fetch_value("SELECT behind FROM psa.session WHERE id = $1", who.session_id)
    await end_sessions(unit, who.id, "impersonation_ended", only=who.session_id)
    await unit.audit("impersonation_ended", "users", who.id, session=who.session_id)
    forget_after_commit(unit)
    return await another_cookie(unit, behind) if who.audience == "staff" else None


ALL = (impersonate,)
