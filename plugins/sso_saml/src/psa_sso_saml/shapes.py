"""The attributes of identity providers as clients read and write them."""

import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from psa_sdk.identity_providers import ProviderAttributes

Attribute = Annotated[str, Meta(max_length=300)]


class ProviderShown(ProviderAttributes, kw_only=True, forbid_unknown_fields=True):
    """What is both read and written of a provider."""

    idp_entity_id: Annotated[str, Meta(max_length=1024, description="What the provider calls itself")] = ""
    idp_sso_url: Annotated[str, Meta(max_length=2000, description="Its log-in over the redirect binding")] = (
        ""
    )
    idp_certificates: Annotated[
        str, Meta(max_length=50_000, description="What it signs with, as PEM; several while it changes them")
    ] = ""
    email_attribute: Annotated[Attribute, Meta(description="Empty: the NameID is the address")] = ""
    name_attribute: Attribute = ""
    groups_attribute: Attribute = ""


class ProviderWrite(ProviderShown, kw_only=True, forbid_unknown_fields=True):
    """What may be sent for a provider."""


class ProviderRead(ProviderShown, kw_only=True):
    """A provider's attributes."""

    certificate: Annotated[str, Meta(description="Ours: DER in base64")]
    next_certificate: Annotated[str, Meta(description="Of the key that is to follow it; empty while none is")]
    created_at: datetime.datetime
    updated_at: datetime.datetime


class IdpMetadata(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A provider's metadata: the document, or the address that it is fetched from."""

    document: Annotated[str, Meta(max_length=500_000)] = ""
    url: Annotated[str, Meta(max_length=2000)] = ""
