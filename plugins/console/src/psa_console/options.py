"""What the console remembers as settings: how far the setup is, and how each person's home looks."""

from typing import Annotated, Literal

import msgspec

from psa_sdk.settings import Settings, UserChoice

Size = Literal["1x1", "2x1", "2x2", "4x1"]


class Tile(msgspec.Struct, frozen=True):
    """A widget on somebody's home and its size in columns x rows."""

    id: str
    size: Size


class ConsoleSettings(Settings, frozen=True, kw_only=True):
    """How far the setup is, and each person's home."""

    setup: Annotated[dict[str, bool], msgspec.Meta(title="Steps of the setup that are done")] = msgspec.field(
        default_factory=dict[str, bool]
    )
    home: Annotated[dict[str, list[Tile]], UserChoice, msgspec.Meta(title="Widgets of the home page")] = (
        msgspec.field(default_factory=dict[str, list[Tile]])
    )
