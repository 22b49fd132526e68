"""The entry: what every request passes before it is routed, and every answer before it leaves.

One pure ASGI layer: request id, log line, metrics, header limits, proxies, security headers, CORS, HEAD,
and the last resort for failures.
"""

import re
import time
from typing import Any

import structlog

from psa_kernel.builtin.audit import access
from psa_kernel.http.endpoint import KEY, Endpoint
from psa_kernel.http.errors import MethodNotAllowed, send_error
from psa_kernel.http.headers import add_cors, add_security, preflight
from psa_kernel.http.limits import refuse_large_headers, refuse_long_address
from psa_kernel.http.metrics import Metrics
from psa_kernel.http.proxies import TrustedProxies, without_port
from psa_kernel.kernel import Kernel
from psa_kernel.unit_of_work import RequestFacts
from psa_sdk.tables import new_id

log = structlog.get_logger("psa.http")
_REQUEST_ID = re.compile(r"^[A-Za-z0-9._-]{8,64}$")
_METHODS = frozenset(("GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS"))


class Entry:
    """The outermost ASGI application; `inner` routes and answers."""

    def __init__(self, inner: Any, kernel: Kernel, metrics: Metrics) -> None:
        """Wrap the routed application."""
        self._inner = inner
        self._kernel = kernel
        self._metrics = metrics
        self._proxies = TrustedProxies(kernel.config.trusted_proxies)
        self._origins = frozenset(kernel.config.allowed_origins)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return
        started = time.perf_counter()
        fields = dict(reversed(scope["headers"]))
        facts = self._facts(scope, fields)
        scope["psa.request"] = facts
        method = scope["method"]
        # A copy: the server goes by its own scope when it leaves out the body of HEAD.
        scope = {**scope, "method": "GET"} if method == "HEAD" else scope
        answer = _Answer(self, facts, fields.get(b"origin"), send, head=method == "HEAD")
        # Routing and the unit of work fill in the last two; resetting these forgets that again.
        tokens = structlog.contextvars.bind_contextvars(request_id=facts.request_id, tenant="-", plugin="-")
        try:
            await self._serve(scope, receive, answer, fields)
        except Exception as error:  # the last resort
            if answer.status:
                raise
            await send_error(error, scope, answer.send)
        finally:
            seconds = time.perf_counter() - started
            # Litestar leaves the template of the matched route; all unknown paths count as one.
            route = scope.get("path_template", "unknown")
            path = _path(scope)
            self._metrics.observe(method if method in _METHODS else "other", route, answer.status, seconds)
            log.info(
                "request",
                method=method,
                path=path,
                status=answer.status or 499,
                milliseconds=round(seconds * 1000, 1),
                ip=facts.ip,
            )
            tenant, principal = scope.get("psa.tenant"), scope.get("psa.principal")
            if tenant is not None and principal is not None:
                access.note(
                    self._kernel,
                    tenant.id,
                    principal,
                    facts,
                    method=method,
                    path=path,
                    status=answer.status or 499,
                    seconds=seconds,
                )
            structlog.contextvars.reset_contextvars(**tokens)

    async def _serve(self, scope: Any, receive: Any, answer: "_Answer", fields: dict[bytes, bytes]) -> None:
        refuse_large_headers(scope["headers"])
        refuse_long_address(scope)
        method = scope["method"]
        if method not in _METHODS:
            raise MethodNotAllowed(
                f"{method} is not taken anywhere.", headers={"Allow": ", ".join(sorted(_METHODS))}
            )
        if method == "OPTIONS" and b"access-control-request-method" in fields:
            headers = preflight(fields.get(b"origin"), self._origins)
            await answer.send({"type": "http.response.start", "status": 204, "headers": headers})
            await answer.send({"type": "http.response.body", "body": b""})
            return
        await self._inner(scope, receive, answer.send)

    def _facts(self, scope: Any, fields: dict[bytes, bytes]) -> RequestFacts:
        def text(name: bytes) -> str:
            return fields.get(name, b"").decode("latin-1")

        peer = scope["client"][0] if scope.get("client") else ""
        host, scheme = text(b"host"), scope.get("scheme", "http")
        trusted = self._proxies.trusts(peer) if peer else False
        if trusted:
            host = text(b"x-forwarded-host") or host
            scheme = "https" if text(b"x-forwarded-proto").lower() == "https" else scheme
        given = text(b"x-request-id")
        return RequestFacts(
            request_id=given if _REQUEST_ID.match(given) else new_id().hex,
            ip=self._client(scope, peer) or None,
            user_agent=text(b"user-agent")[:400] or None,
            host=without_port(host),
            scheme=scheme,
        )

    def _client(self, scope: Any, peer: str) -> str:
        # A proxy may add a field line of its own instead of extending the client's: all of them count.
        hops = [value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for"]
        return self._proxies.client(peer, ", ".join(hops)) if hops else peer


def _path(scope: Any) -> str:
    """Return a request's path as logs tell it: what opens by its address alone is told by its route."""
    handler = scope.get("route_handler")
    endpoint: Endpoint | None = handler.opt.get(KEY) if handler is not None else None
    words = any(isinstance(value, str) for value in scope.get("path_params", {}).values())
    return scope["path_template"] if endpoint is not None and endpoint.anonymous and words else scope["path"]


class _Answer:
    """Completes an answer's headers on its way out; drops the body of HEAD."""

    __slots__ = ("_entry", "_facts", "_head", "_origin", "_send", "status")

    def __init__(
        self, entry: Entry, facts: RequestFacts, origin: bytes | None, send: Any, *, head: bool
    ) -> None:
        self._entry = entry
        self._facts = facts
        self._origin = origin
        self._send = send
        self._head = head
        self.status = 0

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = list(message.get("headers", ()))
            headers.append((b"x-request-id", self._facts.request_id.encode()))
            add_security(headers, https=self._facts.scheme == "https")
            add_cors(headers, self._origin, self._entry._origins)
            message = {**message, "headers": headers}
        elif self._head:
            if message.get("more_body", False):
                return
            message = {"type": "http.response.body", "body": b"", "more_body": False}
        await self._send(message)
