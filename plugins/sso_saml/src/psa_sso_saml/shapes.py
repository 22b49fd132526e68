"""The attributes of identity providers as clients read and write them."""

import datetime
from typing import Annotated

import msgspec
from msgspec import Meta, field

from psa_sdk.access import Audience

Name = Annotated[str, Meta(min_length=1, max_length=80)]
Attribute = Annotated[str, Meta(max_length=300)]
Domain = Annotated[str, Meta(min_length=3, max_length=253, pattern=r"^[^\s@/]+\.[^\s@/]+$")]
RoleKey = Annotated[str, Meta(min_length=1, max_length=63)]


class ProviderShown(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What is both read and written of a provider."""

    name: Name
    audience: Annotated[Audience, Meta(description="Whose log-in has its button; final")] = "staff"
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
    group_roles: Annotated[
        dict[str, list[RoleKey]],
        Meta(
            max_length=500,
            description='Roles by group, such as {"Helpdesk": ["technician"]}; where any is named, groups decide at each log-in',
        ),
    ] = field(default_factory=dict[str, list[str]])
    email_domains: Annotated[
        list[Domain], Meta(max_length=100, description="Whose addresses may log in; empty: any")
    ] = field(default_factory=list[str])
    trusts_email: Annotated[
        bool, Meta(description="Its addresses count as verified although it doesn't say so")
    ] = False
    links_by_email: Annotated[
        bool,
        Meta(
            description="At the first log-in a verified address finds the account; never an administrator's"
        ),
    ] = False
    creates_accounts: Annotated[bool, Meta(description="Unknown people get an account")] = False
    is_active: bool = True
    position: Annotated[int, Meta(ge=0, le=10_000)] = 100


class ProviderWrite(ProviderShown, kw_only=True, forbid_unknown_fields=True):
    """What may be sent for a provider."""


class ProviderRead(ProviderShown, kw_only=True):
    """A provider's attributes."""

    certificate: Annotated[str, Meta(description="Ours: DER in base64")]
    created_at: datetime.datetime
    updated_at: datetime.datetime


class IdpMetadata(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A provider's metadata: the document, or the address that it is fetched from."""

    document: Annotated[str, Meta(max_length=500_000)] = ""
    url: Annotated[str, Meta(max_length=2000)] = ""
