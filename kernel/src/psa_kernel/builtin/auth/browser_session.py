"""The session of a browser, as the pages of shells know it: begin, end, and prove that a form is one's own."""

import datetime
from collections.abc import Sequence
from typing import cast
from uuid import UUID
from zoneinfo import ZoneInfo

from psa_kernel.builtin.auth import accounts, passkey_log_in, passkeys
from psa_kernel.builtin.auth.actors import find_and_request_password
from psa_kernel.builtin.auth.authenticate import forget_after_commit
from psa_kernel.builtin.auth.browser import origin_of, session_cookie, session_csrf
from psa_kernel.builtin.auth.impersonating import begin_impersonation, finish_impersonation
from psa_kernel.builtin.auth.impersonation import PERMISSION
from psa_kernel.builtin.auth.login import Attempt, log_in
from psa_kernel.builtin.auth.mfa_routes import passed
from psa_kernel.builtin.auth.password_change import redeem
from psa_kernel.builtin.auth.password_rules import shortest, shortest_by
from psa_kernel.builtin.auth.replacing import end_in_browser
from psa_kernel.builtin.auth.second_factor import refuse_impersonator, require_proof
from psa_kernel.builtin.auth.sessions import Issued
from psa_kernel.builtin.auth.sign_in import ways
from psa_kernel.builtin.tenancy import SINGLE_TENANT
from psa_kernel.builtin.tenancy.settings import TenancySettings
from psa_kernel.principal import KernelPrincipal
from psa_kernel.tenants import Tenant
from psa_kernel.unit_of_work import Unit
from psa_sdk.access import Audience
from psa_sdk.context import Context
from psa_sdk.errors import Unauthenticated
from psa_sdk.sign_in import SessionCookie, SignInWay
from psa_sdk.web import Brand, BrowserSession, Impersonation, PasskeyUse, SecondStep, Values, WebRequest


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
        return origin_of(self._unit, request.headers.get("host", ""))

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

    async def session(self) -> BrowserSession | None:
        """Return the session of a person who is logged in to the end."""
        if self._who.session_id is None or self._who.confined:
            return None
        row = await self._unit.db.fetch_one(
            "SELECT coalesce(lineage, id) AS line, created_at, authenticated_at FROM psa.session"
            " WHERE id = $1 AND revoked_at IS NULL" + ("" if self._unit.session.readonly else " FOR SHARE"),
            self._who.session_id,
        )
        if row is None:
            return None
        return BrowserSession(
            id=row["line"], began_at=row["created_at"], logged_in_at=row["authenticated_at"]
        )

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
        refuse_impersonator(self._who)
        await self._unit.session.rollback()
        return self._stepped(*await passed(self._unit, self._who, code))

    def takes_passkeys(self, request: WebRequest) -> bool:
        """Tell whether browsers can use passkeys at the address of this request."""
        return self._site(request).usable

    async def passkey_options(self, request: WebRequest, use: PasskeyUse, organisation: str = "") -> Values:
        """Return what `navigator.credentials` is given, to make a passkey or to show one."""
        unit, site = self._unit, self._site(request)
        if use == "log_in":
            tenant = await self._tenant(organisation)
            if tenant is None:
                raise Unauthenticated(
                    "The passkey was not accepted; log in another way.", code="login_refused"
                )
            async with unit.kernel.unit(tenant.id, readonly=True, request=unit.request) as own:
                return await passkeys.request(own, None, site)
        if use == "confirm":
            return await passkeys.request(unit, self._who, site)
        await require_proof(unit, self._who)
        facts = await accounts.by_id(unit, self._who.id)
        assert facts is not None
        return await passkeys.registration(unit, self._who, facts.account, site)

    async def add_passkey(self, request: WebRequest, name: str, credential: Values) -> SecondStep:
        """Keep a passkey just made; where a second factor was wanted, the log-in goes on."""
        await require_proof(self._unit, self._who)
        await self._unit.session.rollback()
        _, codes, issued = await passkey_log_in.add(
            self._unit, self._who, name, credential, self._site(request)
        )
        return self._stepped(codes, issued)

    async def confirm_passkey(self, request: WebRequest, credential: Values) -> SecondStep:
        """Take a passkey for the second step of a log-in, or as proof of who one is."""
        refuse_impersonator(self._who)
        await self._unit.session.rollback()
        issued = await passkey_log_in.confirm(self._unit, self._who, credential, self._site(request))
        return self._stepped([], issued)

    async def log_in_by_passkey(
        self, request: WebRequest, audience: Audience, credential: Values, organisation: str
    ) -> SessionCookie:
        """Begin a session by a passkey alone."""
        unit, site = self._unit, self._site(request)
        tenant = await self._tenant(organisation)
        issued = await passkey_log_in.log_in(
            unit.kernel,
            tenant.id if tenant else None,
            audience,
            credential,
            site,
            unit.request,
            transport="cookie",
        )
        return self._cookie(audience, issued.access_token, issued.expires_at)

    def _site(self, request: WebRequest) -> passkeys.Site:
        return passkeys.Site(self.origin(request))

    def _stepped(self, codes: Sequence[str], issued: Issued | None) -> SecondStep:
        cookie = self._cookie(self._who.audience, issued.access_token, issued.expires_at) if issued else None
        return SecondStep(cookie=cookie, recovery_codes=codes)

    async def impersonation(self) -> Impersonation | None:
        """Return who really acts in this session, and until when."""
        if self._who.impersonator_id is None or self._unit.session.ended:
            return None
        row = await self._unit.db.fetch_one(
            "SELECT a.name, s.expires_at, s.reason FROM psa.session s"
            " JOIN psa.account a ON a.tenant_id = s.tenant_id AND a.id = s.impersonator WHERE s.id = $1",
            self._who.session_id,
        )
        if row is None:
            return None
        return Impersonation(by=row["name"], until=row["expires_at"], reason=row["reason"])

    async def impersonate(self, id: UUID, reason: str) -> tuple[Audience, SessionCookie]:
        """Begin to see what somebody sees."""
        self._unit.require(PERMISSION)
        await require_proof(self._unit, self._who)
        audience, issued = await begin_impersonation(self._unit, self._who, id, reason, transport="cookie")
        return audience, self._cookie(audience, issued.access_token, issued.expires_at)

    async def end_impersonation(self) -> SessionCookie:
        """End it; the impersonator's own session goes on."""
        own = await finish_impersonation(self._unit, self._who)
        audience = self._who.audience
        if own is None:
            return self._cookie(audience, "", self._unit.now)
        return self._cookie(audience, own.access_token, own.expires_at)

    async def log_out(self) -> SessionCookie:
        """End the session, in a unit of work of its own."""
        unit, who = self._unit, self._who
        if who.session_id is not None:
            async with (
                unit.outside(),
                unit.kernel.unit(unit.tenant_id, principal=who, request=unit.request) as own,
            ):
                await end_in_browser(own, who.session_id, "logout")
                await own.audit("logout", "users", who.id, session=who.session_id)
                forget_after_commit(own)
        return self._cookie(self._who.audience, "", self._unit.now)

    async def forgot_password(self, audience: Audience, email: str, organisation: str) -> None:
        """Ask for a link to set a new password; looked up in the background, so that nobody learns who is known."""
        unit, tenant = self._unit, await self._tenant(organisation)
        if tenant is not None:
            async with unit.kernel.unit(tenant.id, request=unit.request) as own:
                await own.send(find_and_request_password, audience=audience, email=email)

    async def shortest_password(self, audience: Audience, token: str = "") -> int:
        """Return how many characters a new password must have, of who is logged in or holds a reset's token."""
        if token or not self._who.authenticated:
            return await shortest_by(self._unit.kernel, audience, token)
        return await shortest(self._unit, self._who.id)

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
