"""How the calendar looks in the console and the portal."""

from psa_calendar.screens import calendar, client_calendar, own_feeds
from psa_sdk.ui import Ui

UI = Ui(
    views=calendar.VIEWS,
    nav=(*calendar.NAV, *client_calendar.NAV),
    pages=(*calendar.PAGES, *client_calendar.PAGES),
    actions=(*calendar.ACTIONS, *own_feeds.ACTIONS),
    panels=own_feeds.PANELS,
    commands=(*calendar.COMMANDS, *own_feeds.COMMANDS),
)
