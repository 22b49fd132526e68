"""The tables of settings."""

from psa_sdk.tables import (
    UUID,
    Boolean,
    Choice,
    Index,
    Instant,
    Integer,
    Json,
    Sealed,
    TenantTable,
    Text,
)

FIELD_KINDS = ("text", "number", "date", "boolean", "select", "multi_select", "url", "user", "company")


class Setting(TenantTable, schema="psa", tablename="setting"):
    """A chosen value of a plugin's setting, for the tenant or for one account.

    Either `value` (JSON) or `secret` (JSON, sealed) is filled; neither where an import came without secrets.
    """

    plugin = Text()
    key = Text()
    account = UUID(null=True)
    value = Json(null=True)
    secret = Sealed()
    index_on = (
        Index(("plugin", "key"), unique=True, where="account IS NULL"),
        Index(("plugin", "key", "account"), unique=True, where="account IS NOT NULL"),
    )
    checks = ("value IS NULL OR secret IS NULL",)


class DisabledModule(TenantTable, schema="psa", tablename="disabled_module"):
    """A plugin that this tenant has switched off; its data stays."""

    plugin = Text()
    index_on = (Index(("plugin",), unique=True),)


class CustomField(TenantTable, schema="psa", tablename="custom_field"):
    """A field that a tenant adds to a resource; values are stored by `key` under `custom_fields`.

    `options` of the select kinds are `[{"id": …, "label": …}]`, values hold ids. `required_on` names the
    state in which a value must be there, `always` for every write. `position` orders the form.
    """

    resource = Text()
    key = Text()
    label = Text()
    kind = Choice(*FIELD_KINDS, default="text")
    options = Json(null=True)
    required = Boolean(default=False)
    required_on = Text(null=True)
    is_unique = Boolean(default=False)
    help = Text(default="")
    position = Integer(default=100)
    portal_visible = Boolean(default=False)
    archived_at = Instant(null=True)
    index_on = (
        Index(("resource", "key"), unique=True, where="archived_at IS NULL"),
        Index(("resource", "position")),
    )
    checks = ("key ~ '^[a-z][a-z0-9_]{0,62}$'",)


ALL = (Setting, DisabledModule, CustomField)
