"""The attributes of our own resources as clients read and write them; SCIM's are in `models`."""

import datetime
from typing import Annotated

import msgspec
from msgspec import Meta, field

from psa_sdk.identity_providers import Domain, Name, RoleKey


class ProviderWrite(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What may be sent for a provider."""

    name: Name
    group_roles: Annotated[
        dict[str, list[RoleKey]],
        Meta(
            max_length=500,
            description='Roles by group, such as {"Helpdesk": ["technician"]}; groups decide about each role that is named',
        ),
    ] = field(default_factory=dict[str, list[str]])
    email_domains: Annotated[
        list[Domain], Meta(max_length=100, description="Whose addresses it may send; empty: any")
    ] = field(default_factory=list[str])
    links_by_email: Annotated[
        bool, Meta(description="An address finds the account that is there; never an administrator's")
    ] = False
    is_active: bool = True


class ProviderRead(ProviderWrite, kw_only=True):
    """A provider's attributes."""

    last_request_at: datetime.datetime | None
    created_at: datetime.datetime
    updated_at: datetime.datetime


class TokenRead(msgspec.Struct, kw_only=True):
    """A token's attributes; the token itself was shown once."""

    name: str
    expires_at: datetime.datetime
    last_used_at: datetime.datetime | None
    created_at: datetime.datetime


class TokenShown(TokenRead, kw_only=True):
    """A token just made: shown now and never again."""

    token: str


class NewToken(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a new token is called and until when it is good: a year unless said otherwise, and at most."""

    name: Name
    expires_at: datetime.datetime | None = None


class PersonRead(msgspec.Struct, kw_only=True):
    """Somebody whom a provider sent."""

    user_name: str
    external_id: str
    active: bool
    deleted_at: datetime.datetime | None
    created_at: datetime.datetime
    updated_at: datetime.datetime


class GroupRead(msgspec.Struct, kw_only=True):
    """A group that a provider sent."""

    display_name: str
    external_id: str
    created_at: datetime.datetime
    updated_at: datetime.datetime


class FaultRead(msgspec.Struct, kw_only=True):
    """A write that was refused to a provider."""

    operation: str
    subject: str
    status: int
    detail: str
    happened_at: datetime.datetime
