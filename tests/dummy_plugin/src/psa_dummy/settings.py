"""The settings of lending."""

from typing import Annotated

from msgspec import Meta

from psa_sdk import Secret, Settings, UserChoice


class DummySettings(Settings, frozen=True, kw_only=True):
    """How gadgets are lent."""

    longest_days: Annotated[int, Meta(ge=1, le=365, title="Lend for at most (days)")] = 30
    depot_key: Annotated[Secret, Meta(title="Key of the depot's door")] = ""
    rows: Annotated[int, UserChoice, Meta(ge=10, le=200, title="Gadgets per page")] = 50
