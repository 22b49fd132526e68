"""Who acts: the kernel's principal, and the two that are always there."""

from uuid import UUID

import msgspec

from psa_kernel.access import Grants, Scopes, intersect
from psa_sdk.access import Audience, Who
from psa_sdk.context import PrincipalKind
from psa_sdk.web import Caller


class KernelPrincipal(msgspec.Struct, frozen=True, kw_only=True):
    """A principal with its rights; implements `psa_sdk.Principal`.

    `limit` narrows the grants: an API key's scopes. `session_id` or `key_id` tells how it proved itself;
    `by_cookie` that a browser did, so that unsafe methods need the CSRF check. `confined` is a reason
    (`password_expired`) why only the caller's own authentication routes are open. `impersonator_id` is who really
    acts.
    """

    id: UUID
    kind: PrincipalKind
    audience: Audience
    label: str
    who: Who
    grants: Grants
    limit: Grants | None = None
    tenant_id: UUID | None = None
    session_id: UUID | None = None
    key_id: UUID | None = None
    role_keys: tuple[str, ...] = ()
    impersonator_id: UUID | None = None
    by_cookie: bool = False
    confined: str = ""
    timezone: str = ""
    locale: str = ""

    def scopes_of(self, permission: str) -> Scopes:
        """Return the object scopes of a permission: None is every row, `()` is not granted at all."""
        if self.confined:
            return ()
        held = self.grants.scopes_of(permission)
        return held if self.limit is None else intersect(held, self.limit.scopes_of(permission))

    def allows(self, permission: str) -> bool:
        """Tell whether a permission is granted, in any object scope."""
        return self.scopes_of(permission) != ()

    def allows_all(self, permission: str) -> bool:
        """Tell whether a permission is granted for every record."""
        return self.scopes_of(permission) is None

    @property
    def authenticated(self) -> bool:
        """Whether somebody is logged in."""
        return self.kind != "anonymous"


def _fixed(number: int, kind: PrincipalKind, label: str, grants: tuple[str, ...]) -> KernelPrincipal:
    fixed = UUID(f"00000000-0000-7000-8000-{number:012x}")
    return KernelPrincipal(
        id=fixed, kind=kind, audience="staff", label=label, who=Who(id=fixed), grants=Grants(grants)
    )


SYSTEM = _fixed(0x100, "system", "System", ("*",))
"""The platform itself: schedules, seeds, commands. Holds every permission."""
ANONYMOUS = _fixed(0x101, "anonymous", "Anonymous", ())
"""Nobody logged in. Holds nothing; public routes only."""


def automation(id: UUID, label: str) -> KernelPrincipal:
    """Return the principal of a tenant's automation, which holds every permission."""
    return msgspec.structs.replace(SYSTEM, id=id, kind="automation", label=label, who=Who(id=id))


def calling(caller: Caller, tenant_id: UUID) -> KernelPrincipal:
    """Return the principal of a program that a plugin's own credential lets in; it holds nothing by itself."""
    return KernelPrincipal(
        id=caller.id,
        kind="automation",
        audience="staff",
        label=caller.label,
        who=Who(id=caller.id),
        grants=Grants(()),
        tenant_id=tenant_id,
    )
