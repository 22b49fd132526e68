"""What a tenant says about itself."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta

from psa_sdk.settings import Settings
from psa_sdk.values import CurrencyCode, zone_names

Hue = Annotated[int, Meta(ge=0, le=359, description="Degrees on the colour wheel")]
Locale = Annotated[str, Meta(pattern="^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$")]


class TenancySettings(Settings, frozen=True, kw_only=True):
    """Name, zone, currency, language and branding of the organisation."""

    name: Annotated[str, Meta(min_length=1, max_length=200, title="Organisation")] = "My organisation"
    timezone: Annotated[str, Meta(max_length=64, title="Time zone", description="IANA name")] = "UTC"
    currency: Annotated[CurrencyCode, Meta(title="Currency")] = "USD"
    locale: Annotated[Locale, Meta(title="Language and region", description="BCP 47 tag")] = "en-US"
    primary_hue: Annotated[Hue, Meta(title="Main colour")] = 268
    accent_hue: Annotated[Hue, Meta(title="Accent colour")] = 160
    logo: Annotated[UUID | None, Meta(title="Logo", description="Id of a stored image")] = None

    def __post_init__(self) -> None:
        """Refuse zones that the time zone database doesn't know."""
        if self.timezone not in zone_names():
            raise ValueError(f"{self.timezone} is no IANA time zone; an example is Europe/Lisbon.")
