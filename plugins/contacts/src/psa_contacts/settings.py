"""The settings of contacts."""

from typing import Annotated

import msgspec

from psa_sdk import Settings


class ContactsSettings(Settings, frozen=True, kw_only=True):
    """How contact data is read."""

    default_region: Annotated[
        str,
        msgspec.Meta(
            pattern="^[A-Z]{2}$", title="Country of local telephone numbers", description="ISO 3166-1 alpha-2"
        ),
    ] = "US"
