"""Which tenant a request is for, before anyone is logged in (TEN-13)."""

from typing import Any
from urllib.parse import urlsplit

from psa_kernel.builtin.tenancy import SINGLE_TENANT
from psa_kernel.http.errors import Misdirected
from psa_kernel.http.proxies import is_local
from psa_kernel.kernel import Kernel
from psa_kernel.tenants import Tenant
from psa_kernel.unit_of_work import RequestFacts
from psa_sdk.errors import BadRequest, NotFound


class TenantResolver:
    """Finds the tenant by host, by the X-Tenant header (a slug) or by a plugin's hint."""

    def __init__(self, kernel: Kernel) -> None:
        """Read the public address once."""
        self._kernel = kernel
        self._hints = bool(kernel.registry.hooks.hook.psa_tenant_hint.get_hookimpls())
        self._public = (urlsplit(kernel.config.public_url).hostname or "").lower()

    async def resolve(self, scope: Any, facts: RequestFacts) -> Tenant | None:
        """Return the tenant, None when the request doesn't tell (its credential may).

        Raises `Misdirected` for a host nobody owns, `NotFound` for an unknown slug, `BadRequest` when host
        and header disagree.
        """
        directory = self._kernel.directory
        if not self._kernel.config.multi_tenant:
            return await directory.by_id(SINGLE_TENANT)
        by_host = await self._by_host(facts.host)
        slug = self._slug(scope, facts.host)
        if not slug:
            return by_host
        named = await directory.by_slug(slug.strip().lower())
        if named is None:
            raise NotFound(f"There is no tenant {slug[:63]!r}.", code="tenant_unknown", header="X-Tenant")
        if by_host is not None and by_host.id != named.id:
            raise BadRequest(
                f"X-Tenant names {named.slug}, and {facts.host} belongs to another tenant; leave one out.",
                code="tenant_ambiguous",
                header="X-Tenant",
            )
        return named

    async def _by_host(self, host: str) -> Tenant | None:
        if is_local(host) or host == self._public:
            return None
        found = await self._kernel.directory.by_host(host)
        if found is None and self._public and host.endswith(f".{self._public}"):
            found = await self._kernel.directory.by_slug(host.removesuffix(f".{self._public}"))
        if found is None and self._public:
            raise Misdirected(f"{host} is not served here.", header="Host")
        return found

    def _slug(self, scope: Any, host: str) -> str | None:
        for name, value in scope["headers"]:
            if name == b"x-tenant":
                return value.decode("latin-1")
        if not self._hints:
            return None
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        return self._kernel.registry.hooks.hook.psa_tenant_hint(
            host=host, path=scope["path"], headers=headers
        )
