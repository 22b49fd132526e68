"""The operator's pages: the tenants of the platform, through the same audited routes as the API."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

import msgspec

from psa_sdk import Context
from psa_sdk.documents import Documents
from psa_sdk.errors import Invalid
from psa_sdk.ui import Done, Go, NavItem
from psa_sdk.web import Browser

READ: Final = "tenancy.tenants.read"
CREATE: Final = "tenancy.tenants.create"
UPDATE: Final = "tenancy.tenants.update"
DELETE: Final = "tenancy.tenants.delete"
_SHOWN: Final = ("active_users", "api_calls", "created.tickets", "records.tickets", "records.companies")


class Wanted(msgspec.Struct):
    """The address of the list."""

    q: str = ""
    status: str = ""
    after: str = ""


class NewTenant(msgspec.Struct):
    """The form of a tenant."""

    slug: str = ""
    name: str = ""
    timezone: str = "UTC"
    currency: str = "EUR"
    locale: str = "en-US"
    admin_email: str = ""


class Facts(msgspec.Struct):
    """The form of what can be changed of a tenant."""

    name: str = ""
    timezone: str = ""
    currency: str = ""
    locale: str = ""


class Reason(msgspec.Struct):
    """Why a tenant is suspended, for both audit logs."""

    reason: str = ""


class Typed(msgspec.Struct):
    """The slug, typed by whoever means it."""

    slug: str = ""


def here_are_tenants(ctx: Context) -> bool:
    """Tell whether tenants are managed from here."""
    return ctx.service(Browser).operator


NAV: Final = NavItem(
    id="tenants",
    label="Tenants",
    url="/tenants",
    permission=READ,
    icon="building",
    group="admin",
    order=70,
    shown=here_are_tenants,
)


async def listed(ctx: Context, query: Wanted) -> Mapping[str, Any]:
    """Load the tenants by slug."""
    asked = {"filter[q]": query.q, "filter[status]": query.status, "page[after]": query.after}
    answer = await ctx.service(Documents).call(
        "GET", "/tenants", query={name: value for name, value in asked.items() if value}
    )
    more = answer.items[-1].attributes.slug if answer.next else ""
    return {"tenants": answer.items, "q": query.q, "status": query.status, "more": more}


async def blank(ctx: Context) -> Mapping[str, Any]:
    """Load the form of a new tenant."""
    await ctx.service(Documents).call("GET", "/tenants", query={"page[size]": "1"})
    return {}


async def create(ctx: Context, form: NewTenant) -> Go:
    """Provision a tenant."""
    answer = await ctx.service(Documents).call("POST", "/tenants", body=msgspec.structs.asdict(form))
    return Go(url=f"/tenants/{answer.id}", toast="Tenant created")


async def show(ctx: Context, id: UUID) -> Mapping[str, Any]:
    """Load a tenant with its usage; looking at it is audited."""
    documents = ctx.service(Documents)
    tenant = await documents.call("GET", f"/tenants/{id}")
    usage = await documents.call("GET", f"/tenants/{id}/usage")
    days = [day.attributes for day in usage.items]
    latest: dict[str, int] = {}
    for day in reversed(days):
        latest |= day.metrics
    calls = [(day.day, day.metrics.get("api_calls", 0)) for day in reversed(days)]
    return {
        "tenant": tenant.attributes,
        "id": id,
        "figures": [(name, latest[name]) for name in _SHOWN if name in latest],
        "storage": latest.get("storage_bytes"),
        "calls": calls,
        "most": max((count for _, count in calls), default=0),
        "own": ctx.tenant_id == id,
    }


async def change(ctx: Context, id: UUID, form: Facts) -> Done:
    """Change what a tenant says about itself."""
    given = {name: value for name, value in msgspec.structs.asdict(form).items() if value}
    await ctx.service(Documents).call("PATCH", f"/tenants/{id}", body=given)
    return Done(toast="Saved", refresh=("tenant",))


async def suspend(ctx: Context, id: UUID, form: Reason) -> Done:
    """Stop a tenant; nothing is lost."""
    await ctx.service(Documents).call("POST", f"/tenants/{id}/suspend", body={"reason": form.reason})
    return Done(toast="The tenant is suspended.", refresh=("tenant",))


async def activate(ctx: Context, id: UUID) -> Done:
    """Let a tenant work again; also takes back a planned deletion."""
    await ctx.service(Documents).call("POST", f"/tenants/{id}/activate", body={})
    return Done(toast="The tenant is active.", refresh=("tenant",))


async def erase(ctx: Context, id: UUID, form: Typed) -> Done:
    """Plan a tenant's deletion, once its slug is typed."""
    documents = ctx.service(Documents)
    tenant = await documents.call("GET", f"/tenants/{id}")
    if form.slug.strip() != tenant.attributes.slug:
        raise Invalid(f"Type {tenant.attributes.slug} to confirm.", pointer="/slug")
    await documents.call("DELETE", f"/tenants/{id}")
    return Done(toast="The tenant is suspended and will be erased in 30 days.", refresh=("tenant",))
