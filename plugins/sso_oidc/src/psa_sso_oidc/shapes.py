"""The attributes of identity providers as clients read and write them."""

import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, field

from psa_sdk.access import Audience
from psa_sso_oidc.api import Preset

Name = Annotated[str, Meta(min_length=1, max_length=80)]
Issuer = Annotated[str, Meta(max_length=500, examples=["https://id.example.com/realms/staff"])]
Domain = Annotated[str, Meta(min_length=3, max_length=253, pattern=r"^[^\s@/]+\.[^\s@/]+$")]
RoleKey = Annotated[str, Meta(min_length=1, max_length=63)]


class ProviderShown(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What is both read and written of a provider."""

    name: Name
    client_id: Annotated[str, Meta(min_length=1, max_length=500)]
    preset: Preset = "other"
    audience: Annotated[Audience, Meta(description="Whose log-in has its button; final")] = "staff"
    issuer: Issuer = ""
    scopes: Annotated[str, Meta(max_length=500, pattern=r"^[\x21\x23-\x5b\x5d-\x7e ]*$")] = ""
    groups_claim: Annotated[
        str, Meta(max_length=200, description="A name, or a path such as realm_access.roles")
    ] = ""
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

    client_secret: Annotated[str, Meta(min_length=1, max_length=500)] | None = None


class ProviderRead(ProviderShown, kw_only=True):
    """A provider's attributes; of the secret only whether it is set."""

    client_secret: bool
    callback_path: str
    created_at: datetime.datetime
    updated_at: datetime.datetime


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """What a trial of a provider showed."""

    works: bool
    detail: str
    step: Literal["metadata", "client", ""] = ""
    keys: int = 0
    algorithms: tuple[str, ...] = ()
    ends_sessions: bool = False
