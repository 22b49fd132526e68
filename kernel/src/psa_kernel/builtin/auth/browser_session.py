"""The session of a browser, as the pages of shells know it: begin, end, and prove that a form is one's own."""

import datetime
from collections.abc import Sequence
from typing import cast
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from psa_kernel.builtin.auth.actors import find_and_request_password
from psa_kernel.builtin.auth.authenticate import forget_after_commit
from psa_kernel.builtin.auth.browser import session_cookie, session_csrf
from psa_kernel.builtin.auth.login import Attempt, log_in
from psa_kernel.builtin.auth.mfa_routes import passed
from psa_kernel.builtin.auth.password_change import redeem
from psa_kernel.builtin.auth.sessions import end_sessions
from psa_kernel.builtin.auth.sign_in import ways
from psa_kernel.builtin.tenancy import SINGLE_TENANT
from psa_kernel.builtin.tenancy.settings import TenancySettings
from psa_kernel.http.proxies import is_local
from psa_kernel.principal import KernelPrincipal
from psa_kernel.tenants import Tenant
from psa_kernel.unit_of_work import Unit
from psa_sdk.access import Audience
from psa_sdk.context import Context
from psa_sdk.sign_in import SessionCookie, SignInWay
from psa_sdk.web import Brand, SecondStep, WebRequest


class UnitBrowser:
    """Implements `psa_sdk.web.Browser` for a unit of work."""

    def __init__(self, ctx: Context) -> None:
        self._unit = cast(Unit, ctx)
        self._who = cast(KernelPrincipal, ctx.principal)

    def csrf_token(self, request: WebRequest) -> str:
        """Return the token that unsafe requests of this session must carry."""
        return session_csrf(self._unit.kernel.config, request.scope)

    @property
    def locale(self) -> str:
        """The person's language, else the organisation's."""
        return self._who.locale or (self._unit.tenant.locale if self._unit.tenant else "")

    @property
    def timezone(self) -> datetime.tzinfo:
        """The person's time zone, else the organisation's."""
        if self._who.timezone:
            return ZoneInfo(self._who.timezone)
        return self._unit.tenant.timezone if self._unit.tenant else datetime.UTC

    @property
    def organisation(self) -> str:
        """The tenant's name."""
        return self._unit.tenant.name if self._unit.tenant else ""

    @property
    def slug(self) -> str:
        """The tenant's short name."""
        return self._unit.tenant_facts.slug

    def origin(self, request: WebRequest) -> str:
        """Return the address under which the tenant is reached: a host of its own, else the configured one."""
        config, facts = self._unit.kernel.config, self._unit.request
        public = urlsplit(config.public_url)
        own = config.multi_tenant and facts.host not in {"", public.hostname} and not is_local(facts.host)
        if public.netloc and not own:
            return f"{public.scheme}://{public.netloc}"
        named = urlsplit(f"//{request.headers.get('host', '')}")
        port = f":{named.port}" if named.port and named.hostname == facts.host else ""
        return f"{facts.scheme}://{facts.host}{port}"

    @property
    def operator(self) -> bool:
        """Whether tenants are managed from here."""
        unit = self._unit
        return unit.kernel.config.multi_tenant and unit.tenant is not None and unit.tenant.id == SINGLE_TENANT

    async def brand(self) -> Brand:
        """Return the organisation's look; also after the request's own transaction has ended."""
        unit = self._unit
        if unit.tenant is None:
            return Brand()
        if not unit.session.ended:
            return _brand(await unit.settings(TenancySettings))
        async with unit.kernel.unit(unit.tenant.id, readonly=True) as own:
            return _brand(await own.settings(TenancySettings))

    @property
    def confined(self) -> str:
        """Why only the log-in's own pages are open."""
        return self._who.confined

    def enabled(self, plugin: str) -> bool:
        """Tell whether the tenant uses a plugin."""
        unit = self._unit
        return unit.tenant is None or unit.kernel.enabled(unit.tenant, plugin)

    async def log_in(self, audience: Audience, email: str, password: str, organisation: str) -> SessionCookie:
        """Check a password and begin a session; the request's own transaction ends before."""
        unit, tenant = self._unit, await self._tenant(organisation)
        attempt = Attempt(audience=audience, email=email, password=password, transport="cookie")
        issued = await log_in(unit.kernel, tenant.id if tenant else None, attempt, unit.request)
        return self._cookie(audience, issued.access_token, issued.expires_at)

    async def sign_in_ways(self, audience: Audience) -> Sequence[SignInWay]:
        """Return the ways to log in besides passwords that the tenant of this request set up."""
        return [way for _, way in await ways(self._unit, audience)] if self._unit.tenant else []

    async def second_step(self, code: str) -> SecondStep:
        """Take the code of an authenticator for the second step of a log-in, or to confirm a new one."""
        await self._unit.session.rollback()
        codes, issued = await passed(self._unit, self._who, code)
        cookie = self._cookie(self._who.audience, issued.access_token, issued.expires_at) if issued else None
        return SecondStep(cookie=cookie, recovery_codes=codes)

    async def log_out(self) -> SessionCookie:
        """End the session."""
        if self._who.session_id is not None:
            await end_sessions(self._unit, self._who.id, "logout", only=self._who.session_id)
            await self._unit.audit("logout", "users", self._who.id, session=self._who.session_id)
            forget_after_commit(self._unit)
        return self._cookie(self._who.audience, "", self._unit.now)

    async def forgot_password(self, audience: Audience, email: str, organisation: str) -> None:
        """Ask for a link to set a new password; looked up in the background, so that nobody learns who is known."""
        unit, tenant = self._unit, await self._tenant(organisation)
        if tenant is not None:
            async with unit.kernel.unit(tenant.id, request=unit.request) as own:
                await own.send(find_and_request_password, audience=audience, email=email)

    async def set_password(self, audience: Audience, token: str, new: str) -> None:
        """Set a password with the token of a reset or an invitation, once."""
        await self._unit.session.rollback()
        await redeem(self._unit.kernel, audience, token, new, self._unit.request)

    async def _tenant(self, organisation: str) -> Tenant | None:
        """Return the tenant of the host, else the one named; the request's own transaction ends."""
        unit = self._unit
        await unit.session.rollback()
        if unit.tenant is None and organisation:
            return await unit.kernel.directory.by_slug(organisation.strip().lower())
        return unit.tenant

    def _cookie(self, audience: Audience, value: str, ends: datetime.datetime) -> SessionCookie:
        return session_cookie(self._unit.kernel.config, audience, value, ends)


def _brand(settings: TenancySettings) -> Brand:
    return Brand(hue=settings.primary_hue, logo=settings.logo)
