"""The console's table of contents: shell, home, and how the platform's own resources look."""

from psa_console import home
from psa_sdk import AUTHENTICATED, Manifest, hookimpl
from psa_sdk.ui import NavItem, Page, ResourceView, ShellFrame, Ui

VIEWS = (
    ResourceView(
        resource="users",
        singular="User",
        icon="circle-user-round",
        columns=("name", "email", "status", "job_title", "last_login_at"),
        summary=("status", "email", "job_title"),
        fields=("name", "email", "job_title", "phone", "status"),
    ),
    ResourceView(
        resource="groups", icon="users-round", columns=("name", "manager", "description", "updated_at")
    ),
    ResourceView(
        resource="roles", icon="shield-check", columns=("title", "key", "audience", "standard", "updated_at")
    ),
    ResourceView(
        resource="api-keys",
        singular="API key",
        icon="key-round",
        columns=("name", "user", "prefix", "expires_at", "last_used_at"),
    ),
    ResourceView(
        resource="audit-logs",
        singular="Audit entry",
        icon="scroll-text",
        columns=("action", "resource", "actor_label", "actor_kind", "ip", "occurred_at"),
    ),
    ResourceView(
        resource="custom-fields",
        singular="Custom field",
        icon="text-cursor-input",
        columns=("label", "resource", "key", "kind", "required", "updated_at"),
        fields=("label", "key", "resource", "kind"),
    ),
)

UI = Ui(
    frames=(
        ShellFrame(
            name="console",
            prefix="/ui",
            audience="staff",
            template="console/shell.html",
            login="console/login.html",
        ),
    ),
    nav=(
        NavItem(
            id="home", label="Home", url="/", permission=AUTHENTICATED, icon="house", order=1, hotkey="g h"
        ),
    ),
    pages=(
        Page(
            path="/",
            template="console/home.html",
            permission=AUTHENTICATED,
            load=home.load,
            title="Home",
            active="home",
        ),
    ),
    views=VIEWS,
)


@hookimpl
def psa_manifest() -> Manifest:
    """Return the table of contents."""
    return Manifest(
        name="console",
        title="Console",
        description="The web pages that staff work in.",
        requires=("web",),
        ui=UI,
    )
