"""The settings of the service desk."""

from typing import Annotated

import msgspec

from psa_sdk import Settings


class TicketingSettings(Settings, frozen=True, kw_only=True):
    """How tickets end, and whether clients are asked about it."""

    auto_close_days: Annotated[
        int,
        msgspec.Meta(
            ge=0, le=365, title="Close resolved tickets after days without a reply", description="0: never"
        ),
    ] = 5
    resolve_parents: Annotated[
        bool, msgspec.Meta(title="Resolve a parent ticket when its last open child is done")
    ] = False
    survey_on_close: Annotated[
        bool, msgspec.Meta(title="Ask clients how they found the help when a ticket is closed")
    ] = True
    survey_days: Annotated[
        int, msgspec.Meta(ge=1, le=90, title="Days for which a survey can be answered")
    ] = 14
    survey_pause_days: Annotated[
        int,
        msgspec.Meta(
            ge=0,
            le=365,
            title="Days before the same person is asked again",
            description="0: at every closing",
        ),
    ] = 0
