"""The settings of the portal."""

from typing import Annotated

import msgspec

from psa_sdk import Settings


class PortalSettings(Settings, frozen=True, kw_only=True):
    """How clients find and see the portal; colour and logo are the organisation's own."""

    name: Annotated[
        str, msgspec.Meta(max_length=80, title="Name", description="Empty: the organisation's name")
    ] = ""
    welcome_title: Annotated[
        str, msgspec.Meta(max_length=120, title="Greeting", description="Empty: How can we help?")
    ] = ""
    welcome_text: Annotated[str, msgspec.Meta(max_length=400, title="Words below the greeting")] = ""
    host: Annotated[
        str,
        msgspec.Meta(
            max_length=253,
            pattern=r"^([a-z0-9-]+(\.[a-z0-9-]+)+)?$",
            title="Host name",
            description="Visitors of this host are led to the portal; it has to be a host of the organisation",
        ),
    ] = ""
    support_email: Annotated[
        str, msgspec.Meta(max_length=254, pattern=r"^([^\s@]+@[^\s@]+)?$", title="Support e-mail address")
    ] = ""
    support_phone: Annotated[str, msgspec.Meta(max_length=40, title="Support telephone")] = ""
    support_hours: Annotated[
        str, msgspec.Meta(max_length=120, title="Support hours", description="As clients read them")
    ] = ""
    show_staff_names: Annotated[
        bool, msgspec.Meta(title="Show clients who writes", description="Otherwise replies are the team's")
    ] = True
    reopen_days: Annotated[
        int,
        msgspec.Meta(
            ge=0,
            le=365,
            title="Requests can be reopened for days",
            description="After that clients open a new one; 0: never",
        ),
    ] = 14
