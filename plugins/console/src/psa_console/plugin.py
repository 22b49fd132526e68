"""The console's table of contents."""

from psa_console import administration, api, assistant, everyday, impersonation, tables, tenants, widgets
from psa_console.brand import dress
from psa_console.imports.pages import rejected
from psa_console.imports.resources import csv_imports
from psa_console.imports.work import ACTORS
from psa_console.notifications.inbox import StoredInbox
from psa_console.options import ConsoleSettings
from psa_console.settings import SECTIONS as MAY_SEE_SETTINGS
from psa_console.views import VIEWS
from psa_sdk import AUTHENTICATED, Manifest, hookimpl, provide
from psa_sdk.ui import NavItem, ShellFrame, Ui

FRAME = ShellFrame(
    name="console",
    prefix="/ui",
    audience="staff",
    template="console/shell.html",
    login="console/login.html",
    forgot="console/forgot.html",
    reset="console/reset.html",
    expired="console/expired.html",
    gate="console/gate.html",
    dress=dress,
)
NAV = (
    NavItem(id="home", label="Home", url="/", permission=AUTHENTICATED, icon="house", order=1, hotkey="g h"),
    tenants.NAV,
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
        permission=MAY_SEE_SETTINGS,
        icon="settings",
        group="admin",
        order=90,
        hotkey="g s",
    ),
)
OWN_IMPORTS = ("console.csv_imports.read@own",)


@hookimpl
def psa_manifest() -> Manifest:
    """Return the table of contents."""
    return Manifest(
        name="console",
        title="Console",
        description="The web pages that staff work in.",
        requires=("web",),
        tables=tables.ALL,
        resources=(csv_imports,),
        routes=(rejected,),
        roles=dict.fromkeys(("manager", "technician", "dispatcher", "sales", "finance"), OWN_IMPORTS),
        services=(provide(api.Inbox, StoredInbox),),
        actors=ACTORS,
        settings=ConsoleSettings,
        demo=assistant.demo,
        ui=Ui(
            frames=(FRAME,),
            nav=NAV,
            pages=(*everyday.PAGES, *administration.PAGES),
            actions=(*everyday.ACTIONS, *administration.ACTIONS),
            settings=administration.SECTIONS,
            views=VIEWS,
            panels=impersonation.PANELS,
            widgets=widgets.ALL,
            commands=everyday.COMMANDS,
            styles=("console.css",),
        ),
    )
