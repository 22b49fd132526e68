"""Provisioning among the settings: providers, their tokens, what they sent and what was refused."""

from typing import Final

from psa_scim import panels
from psa_scim.api import FAULTS, GROUPS, PEOPLE, PROVIDERS, TOKENS
from psa_scim.token_routes import CREATE
from psa_sdk.ui import Action, Panel, ResourceView, SettingsSection, Ui

READ: Final = "scim.scim_providers.read"
_TOKENS: Final = "scim.scim_tokens.read"

UI = Ui(
    views=(
        ResourceView(
            resource=PROVIDERS,
            singular="SCIM provider",
            icon="user-check",
            columns=("name", "is_active", "last_request_at"),
            hidden=("last_request_at",),
            fields=("name", "default_role", "email_domains", "links_by_email", "is_active", "group_roles"),
        ),
        ResourceView(
            resource=TOKENS,
            singular="SCIM token",
            icon="key-round",
            columns=("name", "provider", "expires_at", "last_used_at"),
        ),
        ResourceView(
            resource=PEOPLE,
            singular="Provisioned person",
            icon="user",
            columns=("user_name", "user", "active", "updated_at", "deleted_at"),
        ),
        ResourceView(
            resource=GROUPS,
            singular="Provisioned group",
            icon="users",
            columns=("display_name", "provider", "updated_at"),
        ),
        ResourceView(
            resource=FAULTS,
            singular="Refused write",
            icon="circle-alert",
            columns=("happened_at", "operation", "subject", "status", "detail"),
        ),
    ),
    settings=(
        SettingsSection(
            id=PROVIDERS,
            title="Provisioning (SCIM)",
            url=f"/{PROVIDERS}",
            permission=READ,
            group="system",
            icon="user-check",
            keywords="scim provisioning directory entra azure okta users groups",
            order=44,
        ),
    ),
    panels=(
        Panel(
            slot="scim-provider.side",
            id="scim.connection",
            title="At the provider",
            template="scim/connection.html",
            load=panels.connection,
            permission=READ,
            icon="user-check",
        ),
        Panel(
            slot="scim-provider.main",
            id="scim.tokens",
            title="Tokens",
            template="scim/tokens.html",
            load=panels.tokens,
            permission=_TOKENS,
            icon="key-round",
            order=10,
        ),
        Panel(
            slot="scim-provider.main",
            id="scim.groups",
            title="Groups and roles",
            template="scim/groups.html",
            load=panels.groups,
            permission=f"scim.{GROUPS.replace('-', '_')}.read",
            icon="users",
            order=20,
        ),
        Panel(
            slot="scim-provider.main",
            id="scim.faults",
            title="Refused lately",
            template="scim/faults.html",
            load=panels.faults,
            permission=f"scim.{FAULTS.replace('-', '_')}.read",
            icon="circle-alert",
            order=30,
        ),
    ),
    actions=(
        Action(path="/scim-providers/{id:uuid}/tokens", permission=CREATE, handle=panels.make_token),
        Action(
            path="/scim-tokens/{id:uuid}/revoke", permission="scim.scim_tokens.delete", handle=panels.revoke
        ),
    ),
    styles=("scim.css",),
)
