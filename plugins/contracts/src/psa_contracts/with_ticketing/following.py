"""What follows when a ticket gets another contract: unapproved time on it takes the new one's terms."""

import datetime

from psa_sdk import Context, RecordEvent, changes, on
from psa_sdk.documents import Documents
from psa_ticketing.api import TICKETS

TIME = "time-entries"


@on(changes(TICKETS, "updated"))
async def reprice_time(ctx: Context, event: RecordEvent) -> None:
    """Have a ticket's unapproved time priced anew, where time is tracked."""
    documents = ctx.as_system().service(Documents)
    if not event.has("contract") or TIME not in documents.resources():
        return
    body = {
        "start_date": datetime.date(1970, 1, 1).isoformat(),
        "end_date": datetime.date(9999, 12, 31).isoformat(),
        "ticket": str(event.id),
        "preview": False,
    }
    await documents.call("POST", "/time-entries/reprice", body=body)
