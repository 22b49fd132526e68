"""The settings of the calendar."""

from typing import Annotated

from msgspec import Meta

from psa_sdk import Settings


class CalendarSettings(Settings, frozen=True, kw_only=True):
    """How appointments are made and told of."""

    default_minutes: Annotated[
        int, Meta(ge=5, le=1440, title="Minutes of an appointment", description="Where no end is given")
    ] = 60
    send_invitations: Annotated[
        bool, Meta(title="Invite those who take part by mail", description="Needs the module mail")
    ] = True
    ticket_client_visible: Annotated[bool, Meta(title="Clients see the appointments of their tickets")] = True
    invite_requester: Annotated[
        bool,
        Meta(title="Invite the requester", description="To appointments made by scheduling a ticket"),
    ] = False
