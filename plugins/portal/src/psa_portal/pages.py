"""What the portal's shell is made of: its pages, actions and navigation."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from psa_portal import files, home, people_pages, profile
from psa_portal.api import SHELL
from psa_portal.frame import FRAME
from psa_sdk import AUTHENTICATED, PUBLIC
from psa_sdk.ui import Action, NavItem, Page, Ui
from psa_web.api import logo, theme

COMPANY = "portal.company.read"
PEOPLE = "portal.people.manage"
FILES = "files.attachments.read"
Load = Callable[..., Awaitable[Any]]


def _page(path: str, name: str, load: Load, title: str, permission: str, **more: Any) -> Page:
    return Page(
        path=path,
        template=f"portal/{name}.html",
        load=load,
        title=title,
        permission=permission,
        shell=SHELL,
        **more,
    )


def _action(path: str, handle: Load, permission: str, page: str = "") -> Action:
    return Action(path=path, handle=handle, permission=permission, shell=SHELL, page=page)


NAV: Final = (
    NavItem(
        id="portal.home", label="Home", url="/", permission=AUTHENTICATED, icon="house", order=1, shell=SHELL
    ),
    NavItem(
        id="portal.people",
        label="People",
        url="/people",
        permission=PEOPLE,
        icon="users-round",
        order=80,
        shell=SHELL,
    ),
    NavItem(
        id="portal.company",
        label="Company",
        url="/company",
        permission=COMPANY,
        icon="building-2",
        order=90,
        shell=SHELL,
    ),
)
UI: Final = Ui(
    frames=(FRAME,),
    nav=NAV,
    pages=(
        _page(
            "/",
            "home",
            home.load,
            "Home",
            AUTHENTICATED,
            active="portal.home",
            slots=(home.BANNER, home.START),
        ),
        _page("/people", "people", people_pages.load, "People", PEOPLE),
        _page("/company", "company", people_pages.company, "Company", COMPANY),
        _page("/profile", "profile", profile.load, "Profile", AUTHENTICATED, slots=("profile.main",)),
        _page("/attachments/{id:uuid}", "", files.download, "", FILES),
        _page("/theme.css", "", theme, "", PUBLIC),
        _page("/logo", "", logo, "", PUBLIC),
    ),
    actions=(
        _action("/people", people_pages.invite, PEOPLE, "/people"),
        _action("/people/{id:uuid}/invitation", people_pages.again, PEOPLE),
        _action("/people/{id:uuid}/role", people_pages.choose_role, PEOPLE),
        _action("/people/{id:uuid}/end", people_pages.end, PEOPLE),
        _action("/profile", profile.save, AUTHENTICATED, "/profile"),
        _action("/profile/preferences", profile.prefer, AUTHENTICATED, "/profile"),
        _action("/profile/password", profile.change_password, AUTHENTICATED, "/profile"),
        _action("/profile/sessions/{id:uuid}/end", profile.end_session, AUTHENTICATED),
    ),
)
