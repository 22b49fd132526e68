"""The settings of the service desk."""

from typing import Annotated

import msgspec

from psa_sdk import Settings


class TicketingSettings(Settings, frozen=True, kw_only=True):
    """How tickets end."""

    auto_close_days: Annotated[
        int,
        msgspec.Meta(
            ge=0, le=365, title="Close resolved tickets after days without a reply", description="0: never"
        ),
    ] = 5
    resolve_parents: Annotated[
        bool, msgspec.Meta(title="Resolve a parent ticket when its last open child is done")
    ] = False
