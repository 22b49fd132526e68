"""Settings, modules and custom fields."""

from psa_kernel.builtin.settings import custom_fields, routes, tables
from psa_kernel.builtin.settings.modules import ModulesSwitched
from psa_kernel.builtin.settings.writer import SettingsChanged
from psa_sdk import Manifest, Permission, every, hookimpl


@hookimpl
def psa_manifest() -> Manifest:
    """Declare settings."""
    return Manifest(
        name="settings",
        title="Settings",
        description="What a tenant chooses: values, modules and custom fields.",
        requires=("tenancy",),
        tables=tables.ALL,
        resources=(custom_fields.custom_fields,),
        routes=routes.ALL,
        permissions=(
            Permission(name=routes.READ, title="See settings"),
            Permission(name=routes.UPDATE, title="Change settings"),
            Permission(name=routes.EXPORT, title="Export the configuration"),
            Permission(name=routes.IMPORT, title="Import a configuration"),
            Permission(name=routes.READ_MODULES, title="See modules"),
            Permission(name=routes.UPDATE_MODULES, title="Switch modules on and off"),
        ),
        roles={
            "admin": ("settings.*",),
            "manager": ("settings.sections.read", "settings.modules.read", "settings.custom_fields.read"),
            **dict.fromkeys(
                ("technician", "dispatcher", "sales", "finance"), ("settings.custom_fields.read",)
            ),
        },
        events=(SettingsChanged, ModulesSwitched),
        actors=(custom_fields.forget_removed_fields,),
        schedules=(every("10 3 * * *", custom_fields.forget_removed_fields),),
    )
