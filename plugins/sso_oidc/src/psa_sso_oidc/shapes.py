"""The attributes of identity providers as clients read and write them."""

import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from psa_sdk.identity_providers import ProviderAttributes
from psa_sso_oidc.api import Preset

Issuer = Annotated[str, Meta(max_length=500, examples=["https://id.example.com/realms/staff"])]


class ProviderShown(ProviderAttributes, kw_only=True, forbid_unknown_fields=True):
    """What is both read and written of a provider."""

    client_id: Annotated[str, Meta(min_length=1, max_length=500)]
    preset: Preset = "other"
    issuer: Issuer = ""
    scopes: Annotated[str, Meta(max_length=500, pattern=r"^[\x21\x23-\x5b\x5d-\x7e ]*$")] = ""
    groups_claim: Annotated[
        str, Meta(max_length=200, description="A name, or a path such as realm_access.roles")
    ] = ""
    logs_out: Annotated[bool, Meta(description="Who logs out here logs out there too")] = False


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
