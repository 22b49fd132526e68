"""The `SignIn` service: sessions of people whom a plugin vouches for."""

import datetime
from contextlib import AbstractAsyncContextManager
from typing import cast
from uuid import UUID

from msgspec import UNSET, UnsetType

from psa_kernel.builtin.auth import accounts, lockout
from psa_kernel.builtin.auth.authenticate import forget_after_commit
from psa_kernel.builtin.auth.beginning import begin_session
from psa_kernel.builtin.auth.browser import session_cookie
from psa_kernel.builtin.auth.sessions import Vouched, called, end_sessions
from psa_kernel.builtin.auth.settings import AuthSettings
from psa_kernel.principal import ANONYMOUS
from psa_kernel.unit_of_work import Unit
from psa_sdk.access import Audience
from psa_sdk.context import Context
from psa_sdk.sign_in import SignedIn, SignInSource, SignInWay, Transport


class UnitSignIn:
    """Implements `psa_sdk.sign_in.SignIn` for a unit of work."""

    def __init__(self, ctx: Context) -> None:
        """Work in this unit of work."""
        self._unit = cast(Unit, ctx)

    def unit(self) -> AbstractAsyncContextManager[Context]:
        """Open a unit of work of this request as nobody in particular."""
        unit = self._unit
        return unit.kernel.unit(unit.tenant_id, principal=ANONYMOUS, request=unit.request)

    async def sign_in(
        self,
        account_id: UUID,
        *,
        method: str,
        transport: Transport = "cookie",
        second_factor: bool = False,
        provider: str = "",
        provider_session: str = "",
        authenticated_at: datetime.datetime | UnsetType | None = UNSET,
    ) -> SignedIn:
        """Begin a session of somebody whom a plugin vouches for."""
        unit = self._unit
        proven = True if second_factor else await _trusted(unit)
        issued = await begin_session(
            unit,
            account_id,
            method=method,
            transport=transport,
            second_factor=proven,
            vouched=Vouched(provider, provider_session),
            authenticated_at=authenticated_at,
        )
        facts = await accounts.by_id(unit, account_id)
        assert facts is not None
        audience, browser = facts.account.audience, transport == "cookie"
        cookie = session_cookie(unit.kernel.config, audience, issued.access_token, issued.expires_at)
        return SignedIn(
            account_id=account_id,
            session_id=issued.session_id,
            access_token="" if browser else issued.access_token,
            refresh_token=issued.refresh_token,
            expires_at=issued.expires_at,
            confined=issued.confined,
            cookie=cookie if browser else None,
        )

    async def end(self, provider: str, provider_session: str, *, reason: str) -> int | None:
        """End the sessions that a provider calls so."""
        unit, count = self._unit, 0
        rows = await called(unit, Vouched(provider, provider_session))
        for row in rows:
            if await end_sessions(unit, row["account"], reason, only=row["id"]):
                await unit.audit("sessions_ended", "users", row["account"], reason=reason, session=row["id"])
                count += 1
        forget_after_commit(unit)
        return count if rows else None

    async def refuse(self, reason: str, *, method: str, **detail: str) -> None:
        """Audit a log-in that was refused and count it against the network address."""
        unit = self._unit
        rules = await unit.settings(AuthSettings)
        subject = lockout.address_subject(unit.request.ip or "", rules.address_failures)
        await lockout.require_unlocked(unit, [subject])
        await lockout.count_failure(unit, [subject])
        await unit.audit("login_failed", "users", None, reason=reason, method=method, **detail)


async def _trusted(unit: Unit) -> bool | None:
    """Return what a sign-in without a word about a second factor counts as: no proof, or ours is asked for."""
    return False if (await unit.settings(AuthSettings)).sso_counts_as_second_factor else None


async def ways(unit: Unit, audience: Audience) -> list[tuple[SignInSource, SignInWay]]:
    """Return a tenant's ways to log in besides passwords, each with the plugin's source that takes it."""
    found: list[tuple[SignInSource, SignInWay]] = []
    for name, plugin in unit.kernel.registry.plugins.items():
        source = plugin.manifest.sign_in
        if source is not None and unit.kernel.enabled(unit.tenant_facts, name):
            found.extend((source, way) for way in await source.ways(unit, audience))
    return found
