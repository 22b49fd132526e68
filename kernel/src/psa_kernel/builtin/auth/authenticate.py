"""From a request's credential to its principal: one look-up, believed for a second at most.

Tokens are opaque because each request is checked against the present state anyway: a disabled account, a
changed role, an ended session or a suspended tenant counts from the next request. What this process changes
it forgets at the commit; other processes learn within a second.
"""

import datetime
import time
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID
from weakref import WeakKeyDictionary

import msgspec

from psa_kernel.access import Grants
from psa_kernel.builtin.auth import browser, impersonation
from psa_kernel.builtin.auth.addresses import within
from psa_kernel.builtin.auth.roles import grants_of
from psa_kernel.builtin.auth.settings import listed
from psa_kernel.builtin.auth.tokens import digest, is_key, well_formed
from psa_kernel.database.session import Session, read_once
from psa_kernel.principal import ANONYMOUS, KernelPrincipal
from psa_sdk.access import Who
from psa_sdk.errors import Forbidden, Unauthenticated

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping

    from psa_kernel.kernel import Kernel
    from psa_kernel.unit_of_work import Unit

FRESH_SECONDS: Final = 1.0
_TOUCH_EVERY: Final = datetime.timedelta(minutes=1)
_REMEMBERED: Final = 20_000
_UNUSED: Final = "coalesce(last_used_at, '-infinity') <= $3"
_TOUCHED: Final = {
    "key": f"UPDATE psa.api_key SET last_used_at = $2 WHERE id = $1 AND {_UNUSED}",
    "delegated": f"UPDATE psa.delegated_token SET last_used_at = $2 WHERE family = $1 AND {_UNUSED}",
}


class Credential(msgspec.Struct, frozen=True, kw_only=True):
    """What the database says about a credential, before it is judged against the time and the address."""

    principal: KernelPrincipal
    kind: str
    tenant_active: bool
    live: bool
    expires_at: datetime.datetime
    idle: datetime.timedelta | None
    seen_at: datetime.datetime | None
    networks: tuple[str, ...]
    confined_to: tuple[tuple[str, ...], ...]
    """Lists of networks of the organisation and of roles: the address must be in each."""


class _Memory:
    """Recently seen credentials of one process, with a generation per tenant that a change raises."""

    def __init__(self) -> None:
        self.generation = 0
        self.changed: dict[UUID, int] = {}
        self.known: dict[str, tuple[float, int, Credential | None]] = {}

    def get(self, key: str) -> Credential | None:
        entry = self.known.get(key)
        if entry is None or entry[2] is None or time.monotonic() > entry[0]:
            return None
        tenant = entry[2].principal.tenant_id
        assert tenant is not None
        return entry[2] if entry[1] >= self.changed.get(tenant, 0) else None

    def put(self, key: str, generation: int, found: Credential) -> None:
        if len(self.known) >= _REMEMBERED:
            self.known.clear()
        self.known[key] = (time.monotonic() + FRESH_SECONDS, generation, found)

    def forget(self, tenant_id: UUID) -> None:
        self.generation += 1
        self.changed[tenant_id] = self.generation


_memories: "WeakKeyDictionary[Kernel, _Memory]" = WeakKeyDictionary()


def _memory(kernel: "Kernel") -> _Memory:
    return _memories.setdefault(kernel, _Memory())


def forget(kernel: "Kernel", tenant_id: UUID) -> None:
    """Look a tenant's credentials up anew from now on: its accounts, roles, sessions, keys or status changed."""
    _memory(kernel).forget(tenant_id)


def forget_after_commit(unit: "Unit") -> None:
    """Do so once the unit of work is committed."""
    kernel, tenant_id = unit.kernel, unit.tenant_id
    unit.after_commit(lambda: forget(kernel, tenant_id))


async def authenticate(
    kernel: "Kernel", scope: "MutableMapping[str, Any]", ip: str | None = None
) -> KernelPrincipal:
    """Return who makes an HTTP request; `ANONYMOUS` without a credential.

    `ip` is the client's address as the trusted proxies tell it. Raises `Unauthenticated` for a credential that
    isn't good, `Forbidden` (`tenant_suspended`, `address_refused`, `csrf`) for one that may not be used here.
    """
    presented = browser.credential(kernel.config, scope)
    if presented is None:
        return ANONYMOUS
    return await identify(kernel, presented.token, ip or browser.peer(scope), by_cookie=presented.by_cookie)


async def identify(
    kernel: "Kernel", token: str, ip: str | None, *, by_cookie: bool = False
) -> KernelPrincipal:
    """Return whose credential this is, judged at this moment."""
    if not well_formed(token):
        raise refused()
    now = kernel.clock.now()
    found = await _look_up(kernel, token)
    if found is None or not found.live or found.expires_at <= now or (found.kind == "cookie") != by_cookie:
        raise refused()
    if found.idle and found.seen_at and now - found.seen_at > found.idle:
        raise refused()
    # The operator's people still read; the gate behind this lets them do no more (TEN-08).
    if not found.tenant_active and "super_admin" not in found.principal.role_keys:
        raise Forbidden("This organisation is suspended; ask its provider.", code="tenant_suspended")
    if found.networks and not within(ip, found.networks):
        raise Forbidden("This API key may not be used from this address.", code="address_refused")
    if not all(within(ip, networks) for networks in found.confined_to):
        raise Forbidden(
            "Your organisation lets you in from its own networks only; use one of them.",
            code="address_refused",
        )
    if found.seen_at is None or now - found.seen_at >= _TOUCH_EVERY:
        await _touch(kernel, found.principal, found.kind, now)
    return found.principal


async def _look_up(kernel: "Kernel", token: str) -> Credential | None:
    memory, key = _memory(kernel), digest(token)
    known = memory.get(key)
    if known is not None:
        return known
    generation = memory.generation
    row = await read_once(kernel.pool, "SELECT * FROM psa.authenticate($1, $2)", key, is_key(token))
    if row is None:
        return None
    found = _credential(kernel, row)
    memory.put(key, generation, found)
    return found


def _credential(kernel: "Kernel", row: "Mapping[str, Any]") -> Credential:
    portal = row["audience"] == "portal"
    keys = tuple(row["role_keys"])
    is_api_key = row["key_id"] is not None
    behind = grants_of(kernel, row["behind_keys"], row["behind_grants"]) if row["behind_id"] else None
    label = f"{row['name']} ({row['key_name']})" if is_api_key else row["name"]
    principal = KernelPrincipal(
        id=row["account_id"],
        kind="api_key" if is_api_key else "contact" if portal else "user",
        audience=row["audience"],
        label=impersonation.label(label, row["behind_name"]) if behind else label,
        who=Who(
            id=row["account_id"],
            company_id=row["company"],
            contact_id=row["contact"],
            team_ids=tuple(row["team_ids"]),
            client_admin="client_admin" in keys,
        ),
        grants=grants_of(kernel, keys, row["grants"]),
        limit=Grants(row["scopes"])
        if is_api_key
        else impersonation.limit(kernel.registry, behind)
        if behind
        else None,
        tenant_id=row["tenant_id"],
        session_id=row["session_id"],
        key_id=row["key_id"],
        role_keys=keys,
        impersonator_id=row["behind_id"],
        by_cookie=row["kind"] == "cookie",
        confined=row["confined"],
        timezone=row["timezone"],
        locale=row["locale"],
    )
    return Credential(
        principal=principal,
        kind=row["kind"],
        tenant_active=row["tenant_status"] == "active",
        live=not row["ended"]
        and row["account_status"] == "active"
        and (behind is None or (row["behind_live"] and behind.allows(impersonation.PERMISSION))),
        expires_at=row["expires_at"],
        idle=datetime.timedelta(minutes=row["idle_minutes"]) if row["idle_minutes"] else None,
        seen_at=row["seen_at"],
        networks=tuple(row["allowed_addresses"] or ()),
        confined_to=_confined_to(row),
    )


def _confined_to(row: "Mapping[str, Any]") -> tuple[tuple[str, ...], ...]:
    """Return from where the owner may come; a key with addresses of its own stands for itself."""
    if row["allowed_addresses"]:
        return ()
    own = row["tenant_networks"] if row["audience"] == "staff" else ""
    return tuple(tuple(listed(text)) for text in (own, *row["role_networks"]) if text)


async def _touch(kernel: "Kernel", who: KernelPrincipal, kind: str, now: datetime.datetime) -> None:
    """Write when a session or key was last used; at most once a minute, by whoever comes first."""
    statement = _TOUCHED.get(
        kind, "UPDATE psa.session SET last_seen_at = $2 WHERE id = $1 AND last_seen_at <= $3"
    )
    async with Session(
        kernel.pool, tenant_id=who.tenant_id, multi_tenant=kernel.config.multi_tenant
    ) as session:
        await session.connection.execute(statement, who.key_id or who.session_id, now, now - _TOUCH_EVERY)
    assert who.tenant_id is not None
    forget(kernel, who.tenant_id)


def refused() -> Unauthenticated:
    """Return the answer to a credential that isn't good."""
    return Unauthenticated(
        "The credential is not or no longer good; log in again.",
        code="credential_refused",
        headers={"WWW-Authenticate": 'Bearer error="invalid_token"'},
    )
