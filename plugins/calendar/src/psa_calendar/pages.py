"""How the calendar looks in the console and the portal."""

from psa_calendar.screens import calendar, client_calendar
from psa_sdk.ui import Ui

UI = Ui(
    views=calendar.VIEWS,
    nav=(*calendar.NAV, *client_calendar.NAV),
    pages=(*calendar.PAGES, *client_calendar.PAGES),
    actions=calendar.ACTIONS,
    commands=calendar.COMMANDS,
)
