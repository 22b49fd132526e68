"""The appointments that clients see in the portal."""

from collections.abc import Mapping
from typing import Any, Final

from psa_calendar.api import APPOINTMENTS
from psa_calendar.calendar_routes import READ
from psa_sdk import Context
from psa_sdk.documents import Documents
from psa_sdk.ui import NavItem, Page, Shell

MOST: Final = "50"
PORTAL: Final[Shell] = "portal"


async def load(ctx: Context) -> Mapping[str, Any]:
    """Load what is to come, the next first, and what was lately."""
    documents = ctx.service(Documents)
    now = ctx.now.isoformat()
    return {
        "coming": await documents.find(
            APPOINTMENTS, {"filter[end_time][gte]": now, "sort": "start_time", "page[size]": MOST}
        ),
        "past": await documents.find(
            APPOINTMENTS, {"filter[end_time][lt]": now, "sort": "-start_time", "page[size]": "10"}
        ),
    }


PAGES = (
    Page(
        path="/appointments",
        template="calendar/client_calendar.html",
        permission=READ,
        load=load,
        title="Appointments",
        active="calendar.portal",
        shell=PORTAL,
    ),
)
NAV = (
    NavItem(
        id="calendar.portal",
        label="Appointments",
        url="/appointments",
        permission=READ,
        icon="calendar",
        order=45,
        shell=PORTAL,
    ),
)
