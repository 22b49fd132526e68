"""The pages that everybody has: home, notifications, profile, imports."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from psa_console import all_records, home, profile
from psa_console.imports import pages as imports
from psa_console.imports.resources import READ as IMPORTS
from psa_console.notifications import pages as notifications
from psa_sdk import AUTHENTICATED, PUBLIC
from psa_sdk.ui import Action, Command, Page
from psa_web.api import logo, theme

Load = Callable[..., Awaitable[Any]]


def page(
    path: str, template: str, load: Load, title: str, permission: str = AUTHENTICATED, **more: Any
) -> Page:
    """Return a page of the console."""
    return Page(
        path=path, template=f"console/{template}.html", permission=permission, load=load, title=title, **more
    )


def action(path: str, handle: Load, permission: str = AUTHENTICATED, **more: Any) -> Action:
    """Return an action of the console."""
    return Action(path=path, permission=permission, handle=handle, **more)


PAGES: Final = (
    page("/", "home", home.load, "Home", active="home"),
    page("/notifications", "notifications", notifications.page, "Notifications"),
    page("/notifications/latest", "notices", notifications.bell, "Notifications", block="list"),
    page("/profile", "profile", profile.load, "Profile", slots=("profile.main",)),
    page("/records", "all_records", all_records.load, "All records"),
    page("/imports/new", "imports", imports.start, "Import", IMPORTS),
    page("/imports/{id:uuid}", "import", imports.show, "Import", IMPORTS),
    page("/theme.css", "", theme, "", PUBLIC),
    page("/logo", "", logo, "", PUBLIC),
)
ACTIONS: Final = (
    action("/home/tiles", home.change),
    action("/home/order", home.order),
    action("/home/reset", home.reset),
    action("/notifications/read", notifications.read_all),
    action("/notifications/{id:uuid}/open", notifications.follow),
    action("/notifications/{id:uuid}/keep", notifications.unmark),
    action("/profile", profile.save),
    action("/profile/password", profile.change_password),
    action("/profile/sessions/{id:uuid}/end", profile.end_session),
    action("/profile/keys", profile.make_key),
    action("/profile/keys/{id:uuid}/delete", profile.delete_key),
    action("/imports", imports.upload, IMPORTS, max_body=imports.MOST_BYTES),
    action("/imports/{id:uuid}/check", imports.try_out, IMPORTS),
    action("/imports/{id:uuid}/run", imports.run, IMPORTS),
)
COMMANDS: Final = (
    Command(
        id="console.profile",
        title="Open your profile",
        url="/profile",
        permission=AUTHENTICATED,
        icon="circle-user-round",
    ),
    Command(
        id="console.import",
        title="Import a CSV file",
        url="/imports/new",
        permission=IMPORTS,
        icon="upload",
        keywords="csv excel",
    ),
    Command(
        id="console.arrange",
        title="Arrange your home",
        url="/?edit=1",
        permission=AUTHENTICATED,
        icon="layout-dashboard",
        keywords="widgets dashboard",
    ),
)
