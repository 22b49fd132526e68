"""The kernel's own plugins come through the same door and are held to the same.

`api` alone is judged by its own tests: its one route takes a media type of its own.
"""

from typing import Any, ClassVar
from uuid import UUID

from psa_kernel.builtin.auth.key_rules import make_key
from psa_sdk.tables import new_id
from psa_sdk.testing import Kit, PluginBattery
from psa_sdk.testing.factories import Sample

PREFIXES = ("/auth", "/portal/auth")
RESET = ("forgot-password", "reset-password", "login", "refresh")
BEFORE_LOG_IN = (
    "passkeys/log-in",
    "passkeys/log-in/options",
    "sso/{provider:uuid}/callback",
    "sso/{provider:uuid}/initiate",
)


async def attach(kit: Kit, given: dict[str, Any]) -> UUID:
    """Attach a small text to a company."""
    subject = given.get("subject") or ("companies", (await kit.make("companies")).id)
    async with kit.unit() as unit:
        return (await unit.files.save(b"Hello", name="hello.txt", subject=subject)).id


async def key(kit: Kit, given: dict[str, Any]) -> UUID:
    """Make an API key of the administrator's: its digest is unique across tenants."""
    account = given.get("account") or await (await kit.admin()).account_id()
    async with kit.unit() as unit:
        return (await make_key(unit, account, "Test key", ["auth.groups.read"])).id


def delivery(kind: str) -> Sample:
    """Return what a finished delivery needs."""
    return {
        "kind": kind,
        "state": "done",
        "event_id": lambda _n: new_id(),
        "handler": lambda n: f"handler {n}",
    }


class Builtin(PluginBattery):
    """Beside contacts, so that there are clients."""

    plugins: ClassVar = ("contacts",)


class TestAuth(Builtin):
    plugin = "auth"
    public: ClassVar = (
        *(f"GET {prefix}/sso/providers" for prefix in PREFIXES),
        *(f"POST {prefix}/{name}" for prefix in PREFIXES for name in (*RESET, *BEFORE_LOG_IN)),
    )
    samples: ClassVar[dict[str, Sample]] = {
        "roles": {"grants": ["auth.groups.read"]},
        "api-keys": key,
    }
    fixed: ClassVar = {
        "users.status": "an account without a password is only invited",
        "roles.allowed_addresses": "addresses and networks only",
        "roles.key": "plugins name roles by it",
        "roles.audience": "its holders are of that audience",
        "api-keys.allowed_addresses": "addresses and networks only",
        "api-keys.scopes": "grants only",
    }


class TestTenancy(Builtin):
    plugin = "tenancy"
    harmless: ClassVar = {"TenantHost.token": "it is published in the DNS"}


class TestAudit(Builtin):
    plugin = "audit"


class TestFiles(Builtin):
    plugin = "files"
    samples: ClassVar[dict[str, Sample]] = {"attachments": attach}


class TestSettings(Builtin):
    plugin = "settings"
    samples: ClassVar = {"custom-fields": {"resource": "companies"}}
    fixed: ClassVar = {
        "custom-fields.resource": "values hang on it",
        "custom-fields.key": "values hang on it",
        "custom-fields.kind": "values are of it",
        "custom-fields.required": "the tenant's other records would lack it",
        "custom-fields.options": "only select fields have them",
    }


class TestEvents(Builtin):
    plugin = "events"
    samples: ClassVar = {"event-deliveries": delivery("event")}


class TestJobs(Builtin):
    plugin = "jobs"
    samples: ClassVar = {"jobs": delivery("job")}
