"""The pages of administrators: settings, setup, permissions, branding, tenants."""

from typing import Final, Literal

from psa_console import assistant, audit, brand, permissions, settings, tenants
from psa_console.everyday import action, page
from psa_console.imports.resources import READ as IMPORTS
from psa_sdk.ui import SettingsSection

_SETUP: Final = assistant.UPDATE
_MAY: Final = settings.SECTIONS

PAGES: Final = (
    page("/settings", "settings", settings.start, "Settings", _MAY, block="parts"),
    page("/settings/modules", "modules", settings.modules, "Modules", settings.MODULES),
    page("/settings/branding", "branding", brand.page, "Branding", _SETUP),
    page("/settings/branding/contrast", "contrasts", brand.preview, "Branding", _SETUP, block="table"),
    page("/settings/permissions", "permissions", permissions.load, "Permissions", permissions.READ),
    page("/settings/{name:str}", "settings_section", settings.section, "Settings", _MAY),
    page("/setup", "setup", assistant.begin, "Set up your organisation", _SETUP),
    page("/setup/{step:str}", "setup", assistant.show, "Set up your organisation", _SETUP, active="settings"),
    page("/audit-logs/{id:uuid}", "audit_entry", audit.entry, "Audit entry", "audit.audit_logs.read"),
    page("/tenants", "tenants", tenants.listed, "Tenants", tenants.READ, block="results"),
    page("/tenants/new", "tenant_form", tenants.blank, "New tenant", tenants.CREATE),
    page("/tenants/{id:uuid}", "tenant", tenants.show, "Tenant", tenants.READ),
)
ACTIONS: Final = (
    action("/settings/modules/{name:str}", settings.switch_module, "settings.modules.update"),
    action("/settings/branding", brand.save, _SETUP),
    action("/settings/permissions", permissions.turn, permissions.UPDATE),
    action("/settings/{name:str}", settings.save_section, "settings.sections.update"),
    action("/setup/close", assistant.close, _SETUP),
    action("/setup/{step:str}", assistant.save, _SETUP),
    action("/setup/{step:str}/skip", assistant.skip, _SETUP),
    action("/setup/desk/queues", assistant.add_queue, _SETUP),
    action("/setup/people/invite", assistant.invite, "auth.users.create"),
    action("/tenants/new", tenants.create, tenants.CREATE),
    action("/tenants/{id:uuid}", tenants.change, tenants.UPDATE),
    action("/tenants/{id:uuid}/suspend", tenants.suspend, tenants.UPDATE),
    action("/tenants/{id:uuid}/activate", tenants.activate, tenants.UPDATE),
    action("/tenants/{id:uuid}/delete", tenants.erase, tenants.DELETE),
)


def _section(
    id: str,
    title: str,
    url: str,
    permission: str,
    icon: str,
    order: int,
    group: Literal["organisation", "system"] = "organisation",
    keywords: str = "",
) -> SettingsSection:
    return SettingsSection(
        id=id,
        title=title,
        url=url,
        permission=permission,
        icon=icon,
        order=order,
        group=group,
        keywords=keywords,
    )


SECTIONS: Final = (
    _section("setup", "Setup", "/setup", _SETUP, "rocket", 4),
    _section("branding", "Branding", "/settings/branding", _SETUP, "palette", 6, keywords="colour logo"),
    _section("users", "Users", "/users", "auth.users.read", "circle-user-round", 10),
    _section("roles", "Roles", "/roles", permissions.READ, "shield-check", 20),
    _section("permissions", "Permissions", "/settings/permissions", permissions.READ, "list-checks", 22),
    _section("groups", "Groups", "/groups", "auth.groups.read", "users-round", 30),
    _section(
        "custom-fields",
        "Custom fields",
        "/custom-fields",
        "settings.custom_fields.read",
        "text-cursor-input",
        40,
    ),
    _section("modules", "Modules", "/settings/modules", settings.MODULES, "puzzle", 50),
    _section("imports", "Import", "/imports/new", IMPORTS, "upload", 60, keywords="csv"),
    _section("audit-logs", "Audit log", "/audit-logs", "audit.audit_logs.read", "scroll-text", 10, "system"),
    _section("api-keys", "API keys", "/api-keys", "auth.api_keys.read", "key-round", 20, "system"),
    _section("jobs", "Background jobs", "/jobs", "jobs.jobs.read", "cog", 30, "system"),
)
