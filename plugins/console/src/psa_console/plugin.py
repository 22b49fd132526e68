"""The console's table of contents: shell, home, profile, settings."""

from psa_console import all_records, home, profile, settings, widgets
from psa_console.views import VIEWS
from psa_sdk import AUTHENTICATED, Manifest, hookimpl
from psa_sdk.ui import Action, Command, NavItem, Page, SettingsSection, ShellFrame, Ui

FRAME = ShellFrame(
    name="console",
    prefix="/ui",
    audience="staff",
    template="console/shell.html",
    login="console/login.html",
)
NAV = (
    NavItem(id="home", label="Home", url="/", permission=AUTHENTICATED, icon="house", order=1, hotkey="g h"),
    NavItem(
        id="records",
        label="All records",
        url="/records",
        permission=AUTHENTICATED,
        icon="database",
        group="admin",
        order=80,
    ),
    NavItem(
        id="settings",
        label="Settings",
        url="/settings",
        permission=settings.SECTIONS,
        icon="settings",
        group="admin",
        order=90,
        hotkey="g s",
    ),
)
PAGES = (
    Page(
        path="/",
        template="console/home.html",
        permission=AUTHENTICATED,
        load=home.load,
        title="Home",
        active="home",
    ),
    Page(
        path="/profile",
        template="console/profile.html",
        permission=AUTHENTICATED,
        load=profile.load,
        title="Profile",
    ),
    Page(
        path="/records",
        template="console/all_records.html",
        permission=AUTHENTICATED,
        load=all_records.load,
        title="All records",
    ),
    Page(
        path="/settings",
        template="console/settings.html",
        permission=settings.SECTIONS,
        load=settings.start,
        title="Settings",
    ),
    Page(
        path="/settings/modules",
        template="console/modules.html",
        permission=settings.MODULES,
        load=settings.modules,
        title="Modules",
    ),
    Page(
        path="/settings/{name:str}",
        template="console/settings_section.html",
        permission=settings.SECTIONS,
        load=settings.section,
        title="Settings",
    ),
)
ACTIONS = (
    Action(path="/profile", permission=AUTHENTICATED, handle=profile.save),
    Action(path="/profile/password", permission=AUTHENTICATED, handle=profile.change_password),
    Action(path="/profile/sessions/{id:uuid}/end", permission=AUTHENTICATED, handle=profile.end_session),
    Action(path="/profile/keys", permission=AUTHENTICATED, handle=profile.make_key),
    Action(path="/profile/keys/{id:uuid}/delete", permission=AUTHENTICATED, handle=profile.delete_key),
    Action(
        path="/settings/modules/{name:str}",
        permission="settings.modules.update",
        handle=settings.switch_module,
    ),
    Action(path="/settings/{name:str}", permission="settings.sections.update", handle=settings.save_section),
)
SECTIONS = (
    SettingsSection(
        id="users",
        title="Users",
        url="/users",
        permission="auth.users.read",
        icon="circle-user-round",
        order=10,
    ),
    SettingsSection(
        id="roles", title="Roles", url="/roles", permission="auth.roles.read", icon="shield-check", order=20
    ),
    SettingsSection(
        id="groups",
        title="Groups",
        url="/groups",
        permission="auth.groups.read",
        icon="users-round",
        order=30,
    ),
    SettingsSection(
        id="custom-fields",
        title="Custom fields",
        url="/custom-fields",
        permission="settings.custom_fields.read",
        icon="text-cursor-input",
        order=40,
    ),
    SettingsSection(
        id="modules",
        title="Modules",
        url="/settings/modules",
        permission=settings.MODULES,
        icon="puzzle",
        order=50,
    ),
    SettingsSection(
        id="audit-logs",
        title="Audit log",
        url="/audit-logs",
        permission="audit.audit_logs.read",
        group="system",
        icon="scroll-text",
        order=10,
    ),
    SettingsSection(
        id="api-keys",
        title="API keys",
        url="/api-keys",
        permission="auth.api_keys.read",
        group="system",
        icon="key-round",
        order=20,
    ),
)


@hookimpl
def psa_manifest() -> Manifest:
    """Return the table of contents."""
    return Manifest(
        name="console",
        title="Console",
        description="The web pages that staff work in.",
        requires=("web",),
        ui=Ui(
            frames=(FRAME,),
            nav=NAV,
            pages=PAGES,
            actions=ACTIONS,
            settings=SECTIONS,
            views=VIEWS,
            widgets=widgets.ALL,
            commands=(
                Command(
                    id="console.profile",
                    title="Open your profile",
                    url="/profile",
                    permission=AUTHENTICATED,
                    icon="circle-user-round",
                ),
            ),
        ),
    )
