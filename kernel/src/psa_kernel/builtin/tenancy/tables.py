"""The tables of tenancy: tenants and their hosts stand above tenants; keys, seeds and usage belong to one."""

from typing import ClassVar

from psa_sdk.tables import (
    UUID,
    BigInt,
    Choice,
    Date,
    Index,
    Instant,
    Integer,
    PlatformTable,
    TenantTable,
    Text,
)


class Tenant(PlatformTable, schema="psa", tablename="tenant"):
    """An MSP: the boundary of all data. Its zone, currency and locale are part of the tenancy settings."""

    grants: ClassVar[str] = "SELECT, INSERT, UPDATE"
    slug = Text()
    name = Text()
    status = Choice("active", "suspended", "deleting", default="active")
    timezone = Text(default="UTC")
    currency = Text(default="USD")
    locale = Text(default="en-US")
    suspended_at = Instant(null=True)
    delete_after = Instant(null=True)
    index_on = (Index(("slug",), unique=True),)
    checks = ("slug ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'",)


class TenantHost(PlatformTable, schema="psa", tablename="tenant_host"):
    """A host name of a tenant; it counts once the DNS TXT record `_psa.<host>` holds the token."""

    grants: ClassVar[str] = "SELECT, INSERT, UPDATE, DELETE"
    tenant = UUID()
    host = Text()
    token = Text()
    verified_at = Instant(null=True)
    index_on = (Index(("host",), unique=True), Index(("tenant",)))


class DataKey(TenantTable, schema="psa", tablename="data_key"):
    """A tenant's encryption key of one generation, wrapped by the master key that `master` names."""

    exported: ClassVar[bool] = False
    generation = Integer()
    wrapped = Text()
    master = Text()
    index_on = (Index(("generation",), unique=True),)


class SeededPlugin(TenantTable, schema="psa", tablename="seeded_plugin"):
    """A plugin whose first data this tenant already has."""

    plugin = Text()
    index_on = (Index(("plugin",), unique=True),)


class Usage(TenantTable, schema="psa", tablename="usage"):
    """One metric of one UTC day."""

    day = Date()
    metric = Text()
    value = BigInt(default=0)
    index_on = (Index(("day", "metric"), unique=True),)


ALL = (Tenant, TenantHost, DataKey, SeededPlugin, Usage)
