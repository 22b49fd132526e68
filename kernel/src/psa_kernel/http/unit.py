"""The inner layer: from a matched route to a settled unit of work.

Negotiation, tenant, authentication, rate limit, gates, the whole body, and only then a connection:
a slow client never holds one. The transaction is settled before the first byte of the answer leaves;
an answer in parts that only reads keeps it until the last part.
"""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import structlog
from litestar import Request, Response

from psa_kernel.builtin.auth.authenticate import authenticate, refused
from psa_kernel.builtin.auth.browser import AWAITED, bearer, unproven
from psa_kernel.http import limits
from psa_kernel.http.endpoint import KEY, Endpoint
from psa_kernel.http.errors import NotAcceptable, send_error
from psa_kernel.http.negotiate import JSON_API, accepts, is_form, takes
from psa_kernel.http.rate_limit import RateLimiter
from psa_kernel.http.tenancy import TenantResolver
from psa_kernel.kernel import Kernel, session_for
from psa_kernel.principal import ANONYMOUS, KernelPrincipal, calling
from psa_kernel.tenants import Tenant
from psa_kernel.unit_of_work import RequestFacts, Unit
from psa_sdk.errors import Forbidden, NotFound, Unauthenticated, UnsupportedMediaType

_UNSAFE = frozenset(("POST", "PUT", "PATCH", "DELETE"))


class UnitOfWorkLayer:
    """Makes the ASGI middleware that gives each request its unit of work at `scope["psa.unit"]`."""

    def __init__(self, kernel: Kernel) -> None:
        """Hold what all requests share."""
        self.kernel = kernel
        self.tenants = TenantResolver(kernel)
        self.limiter = RateLimiter(kernel.config, kernel.redis)

    def __call__(self, app: Any) -> Any:
        """Wrap a handler's ASGI application, as Litestar asks of a middleware."""

        async def serve(scope: Any, receive: Any, send: Any) -> None:
            endpoint = scope["route_handler"].opt.get(KEY) if scope["type"] == "http" else None
            if endpoint is None or scope["method"] == "OPTIONS":
                await app(scope, receive, send)
            else:
                await self._serve(app, endpoint, scope, receive, send)

        return serve

    async def _serve(self, app: Any, endpoint: Endpoint, scope: Any, receive: Any, send: Any) -> None:
        fields = dict(scope["headers"])
        facts: RequestFacts = scope["psa.request"]
        unsafe = scope["method"] in _UNSAFE
        _negotiate(endpoint, fields, unsafe=unsafe)
        tenant = await self.tenants.resolve(scope, facts)
        scope["psa.tenant"] = tenant
        try:
            principal = await self._principal(endpoint, tenant, scope, facts)
        except Unauthenticated:
            # Guesses at credentials count against their address.
            await self.limiter.take(self.limiter.buckets("", None, facts.ip or ""))
            raise
        if AWAITED in scope and not endpoint.forms:
            raise unproven()
        scope["psa.principal"] = principal
        if principal.by_cookie:
            facts = scope["psa.request"] = msgspec.structs.replace(facts, session=principal.session_id)
        if tenant is None and principal.tenant_id is not None:
            tenant = scope["psa.tenant"] = await self.kernel.directory.by_id(principal.tenant_id)
        elif tenant is not None and principal.tenant_id not in {None, tenant.id}:
            raise Unauthenticated(
                f"The credential belongs to another tenant than {tenant.slug}; log in there.",
                code="wrong_tenant",
                headers={"WWW-Authenticate": "Bearer"},
            )
        named = principal.kind != "anonymous"
        verdict = await self.limiter.take(
            self.limiter.buckets(
                str(tenant.id) if tenant else "",
                str(principal.key_id or principal.id) if named else None,
                facts.ip or "",
            )
        )
        structlog.contextvars.bind_contextvars(tenant=tenant.slug if tenant else "-", plugin=endpoint.plugin)
        self._gate(endpoint, tenant, principal, unsafe=unsafe)
        if unsafe:
            receive = await _receive(endpoint, fields, receive)
        once = named and b"idempotency-key" in fields and scope["method"] == "POST" and endpoint.idempotent
        if once:
            receive = await _taken_in(scope, receive)
        writable = unsafe or endpoint.writes
        session = session_for(self.kernel, tenant, principal, readonly=not writable)
        async with session:
            unit = Unit(self.kernel, session, tenant, principal, request=facts)
            scope["psa.unit"] = unit
            headers = {**endpoint.headers, **(verdict.headers() if verdict else {})}
            settling = Settling(unit, scope, send, headers, keep=not writable)
            if endpoint.detached:
                await session.rollback()
            if once:
                await self._once(app, unit, scope, receive, settling)
            else:
                await app(scope, receive, settling.send)
            if not session.ended:
                await session.rollback()

    async def _principal(
        self, endpoint: Endpoint, tenant: Tenant | None, scope: Any, facts: RequestFacts
    ) -> KernelPrincipal:
        if endpoint.own_authorization:
            return ANONYMOUS
        if endpoint.identify is None:
            return await authenticate(self.kernel, scope, facts.ip)
        token, caller = bearer(scope), None
        if token and tenant is not None:
            async with self.kernel.unit(tenant.id, principal=ANONYMOUS, request=facts) as unit:
                caller = await endpoint.identify(unit, token)
        if caller is None or tenant is None:
            raise refused()
        return calling(caller, tenant.id)

    def _gate(
        self, endpoint: Endpoint, tenant: Tenant | None, principal: KernelPrincipal, *, unsafe: bool
    ) -> None:
        """Refuse what neither permissions nor rows decide: suspension, modules, audience, tenancy."""
        if not endpoint.anonymous and principal.kind == "anonymous":
            raise Unauthenticated(
                "Log in, or send an Authorization header.", headers={"WWW-Authenticate": "Bearer"}
            )
        if principal.confined and not endpoint.anonymous and principal.confined not in endpoint.confined:
            raise Forbidden("First finish logging in.", code=principal.confined)
        if tenant is None:
            if endpoint.anonymous:
                return
            raise NotFound("The request doesn't tell its tenant; send X-Tenant.", code="tenant_unknown")
        if tenant.status != "active" and not endpoint.anonymous:
            operator = "super_admin" in principal.role_keys
            if unsafe or not operator:
                raise Forbidden(f"The tenant {tenant.slug} is suspended.", code="tenant_suspended")
        if not self.kernel.enabled(tenant, endpoint.plugin):
            raise NotFound(
                f"The module {endpoint.plugin} is switched off; an administrator can enable it.",
                code="module_disabled",
            )
        if named_otherwise(endpoint, principal):
            # Its credential is good elsewhere; here it's none (AUTH-51).
            raise Unauthenticated(
                f"This needs a {endpoint.audience} log-in.",
                code="wrong_audience",
                headers={"WWW-Authenticate": "Bearer"},
            )

    async def _once(self, app: Any, unit: Unit, scope: Any, receive: Any, settling: "Settling") -> None:
        """Answer a repeated POST from store, or store the answer in the same transaction."""
        from psa_kernel.jsonapi import idempotency

        request: Request[Any, Any, Any] = Request(scope, receive)

        async def store(status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
            kept = {name.decode("latin-1"): value.decode("latin-1") for name, value in headers}
            await idempotency.store(unit, request, Response(body, status_code=status, headers=kept))

        try:
            stored = await idempotency.replay(unit, request)
            if stored is None:
                settling.store = store
                await app(scope, receive, settling.send)
            else:
                await stored.to_asgi_response(app=None, request=request)(scope, receive, settling.send)
        finally:
            if is_form(request):
                await (await request.form()).close()


def named_otherwise(endpoint: Endpoint, principal: KernelPrincipal) -> bool:
    """Tell whether a known principal is of the other audience."""
    return (
        endpoint.audience != "both"
        and principal.kind not in {"anonymous", "system"}
        and principal.audience != endpoint.audience
    )


def _negotiate(endpoint: Endpoint, fields: dict[bytes, bytes], *, unsafe: bool) -> None:
    if endpoint.media_type == JSON_API and not accepts(
        fields.get(b"accept", b"").decode("latin-1"), endpoint.extensions
    ):
        raise NotAcceptable(
            f"Answers are {JSON_API} without media type parameters; ask for that.", header="Accept"
        )
    has_body = fields.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in fields
    if unsafe and has_body:
        given = fields.get(b"content-type", b"").decode("latin-1")
        if not takes(given, endpoint.body_types, endpoint.extensions):
            wanted = " or ".join(endpoint.body_types)
            raise UnsupportedMediaType(
                f"Send {wanted}, not {given or 'an untyped body'}.", header="Content-Type"
            )


async def _receive(endpoint: Endpoint, fields: dict[bytes, bytes], receive: Any) -> Any:
    """Return a `receive` for the handler: JSON read whole and checked, anything else counted on its way."""
    limits.refuse_declared_size(fields.get(b"content-length"), endpoint.max_body)
    if JSON_API not in endpoint.body_types:
        return limits.bounded(receive, endpoint.max_body)
    body = await limits.read_body(receive, endpoint.max_body)
    limits.refuse_deep(body)
    return limits.replayed(body, receive)


async def _taken_in(scope: Any, receive: Any) -> Any:
    """Read what is sent whole, so that it can be compared; returns a `receive` for the handler."""
    request: Request[Any, Any, Any] = Request(scope, receive)
    if not is_form(request):
        return limits.replayed(await request.body(), receive)
    # Large files wait on the disk; the handler finds the same form.
    await request.form()
    return receive


class Settling:
    """Holds the answer's start back until it is known whether to commit, then settles and lets it go."""

    def __init__(self, unit: Unit, scope: Any, send: Any, headers: dict[str, str], *, keep: bool) -> None:
        """`keep` leaves the transaction open while an answer of several parts is sent."""
        self._unit = unit
        self._scope = scope
        self._send = send
        self._headers = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        self._keep = keep
        self._start: Any = None
        self._replaced = False
        self.store: Callable[[int, list[tuple[bytes, bytes]], bytes], Awaitable[None]] | None = None

    async def send(self, message: Any) -> None:
        """Pass a message of the handler on; settles before the first byte."""
        if self._replaced:
            return
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", ()), *self._headers]}
            self._start = message
            return
        if self._start is None:
            # Before the last part: whoever has it is gone, and takes this task along.
            if not message.get("more_body", False) and not self._unit.session.ended:
                await self._unit.session.commit()
            await self._send(message)
            return
        start, self._start = self._start, None
        more = message.get("more_body", False)
        try:
            await self._settle(start, message.get("body", b""), more=more)
        except Exception as error:  # noqa: BLE001 - whatever broke, nothing was committed and the client must know
            self._replaced = True
            if not self._unit.session.ended:
                await self._unit.session.rollback()
            await send_error(error, self._scope, self._send)
            return
        await self._send(start)
        await self._send(message)

    async def _settle(self, start: Any, body: bytes, *, more: bool) -> None:
        session = self._unit.session
        if session.ended:
            return
        if start["status"] >= 500 or (start["status"] >= 400 and not self._unit.refusal_kept):
            await session.rollback()
            return
        if self.store is not None and not more:
            await self.store(start["status"], start["headers"], body)
        if self._keep and more:
            return
        await session.commit()
        self._unit.committed()
