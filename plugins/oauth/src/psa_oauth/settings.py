"""How long an application's tokens last."""

from typing import Annotated

from msgspec import Meta

from psa_sdk import Settings


class OAuthSettings(Settings, frozen=True, kw_only=True):
    """How long an application's tokens last."""

    access_minutes: Annotated[
        int, Meta(ge=1, le=60, title="Minutes for which an application's access token is good")
    ] = 10
    refresh_days: Annotated[
        int,
        Meta(
            ge=1,
            le=365,
            title="Days after which an application asks again",
            description="However often it renews its tokens in between",
        ),
    ] = 30
