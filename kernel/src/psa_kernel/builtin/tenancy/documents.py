"""The shapes of the tenants' routes."""

import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from psa_kernel.builtin.tenancy.settings import Locale
from psa_sdk.values import CurrencyCode

Name = Annotated[str, Meta(min_length=1, max_length=200)]
Slug = Annotated[str, Meta(min_length=1, max_length=63)]
HostName = Annotated[
    str,
    Meta(max_length=253, pattern=r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$"),
]


class TenantDocument(msgspec.Struct, kw_only=True):
    """A tenant, as the operator sees it."""

    slug: str
    name: str
    status: Literal["active", "suspended", "deleting"]
    timezone: str
    currency: str
    locale: str
    created_at: datetime.datetime
    updated_at: datetime.datetime
    suspended_at: datetime.datetime | None
    delete_after: datetime.datetime | None


class NewTenant(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What it takes to make a tenant; the administrator may be invited later."""

    slug: Slug
    name: Name
    timezone: str = "UTC"
    currency: CurrencyCode = "USD"
    locale: Locale = "en-US"
    admin_email: Annotated[str, Meta(max_length=254)] = ""
    admin_password: Annotated[str, Meta(max_length=1024)] = ""


class TenantReplacement(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """All that can be changed of a tenant; the slug stays."""

    name: Name
    timezone: str
    currency: CurrencyCode
    locale: Locale


class TenantPatch(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What to change of a tenant."""

    name: Name | msgspec.UnsetType = msgspec.UNSET
    timezone: str | msgspec.UnsetType = msgspec.UNSET
    currency: CurrencyCode | msgspec.UnsetType = msgspec.UNSET
    locale: Locale | msgspec.UnsetType = msgspec.UNSET


class Suspension(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Why a tenant is suspended, for both audit logs."""

    reason: Annotated[str, Meta(max_length=1000)] = ""


class ExportOptions(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Without a passphrase, sealed values are left out."""

    passphrase: Annotated[str, Meta(max_length=1000)] = ""


class TenantQuery(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The parameters of the tenant list; it is sorted by slug."""

    size: Annotated[int, Meta(ge=1, le=100)] = msgspec.field(name="page[size]", default=50)
    after: str = msgspec.field(name="page[after]", default="")
    status: Literal["active", "suspended", "deleting"] | None = msgspec.field(
        name="filter[status]", default=None
    )
    q: str = msgspec.field(name="filter[q]", default="")


class UsageQuery(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Which days of usage, both included; the last 30 unless said otherwise."""

    first: datetime.date | None = msgspec.field(name="filter[day][gte]", default=None)
    last: datetime.date | None = msgspec.field(name="filter[day][lte]", default=None)


class UsageDocument(msgspec.Struct, kw_only=True):
    """One UTC day's metrics."""

    day: datetime.date
    metrics: dict[str, int]


class HostDocument(msgspec.Struct, kw_only=True):
    """A host of a tenant and the DNS record that proves it."""

    host: str
    verified_at: datetime.datetime | None
    txt_name: str
    txt_value: str


class NewHost(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A host to claim, in lower case."""

    host: HostName
