"""Applications, consents and signing keys as the API shows them."""

import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from psa_oauth import client_rules
from psa_oauth.tables import Client, Consent, SigningKey
from psa_sdk import Resource, ToOne

GrantType = Literal[
    "authorization_code",
    "refresh_token",
    "client_credentials",
    "urn:ietf:params:oauth:grant-type:device_code",
]
Name = Annotated[str, Meta(min_length=1, max_length=100)]
Addresses = Annotated[
    list[Annotated[str, Meta(max_length=2000, examples=["https://app.example.com/callback"])]],
    Meta(max_length=20, description="Where people are sent back to; compared exactly"),
]
LogoutAddresses = Annotated[
    list[Annotated[str, Meta(max_length=2000, examples=["https://app.example.com/"])]],
    Meta(max_length=20, description="Where people may be sent back to after logging out; compared exactly"),
]
LogoutAddress = Annotated[
    str,
    Meta(
        max_length=2000,
        description="Is told when somebody's session ends (OpenID Connect Back-Channel Logout); empty: isn't",
        examples=["https://app.example.com/backchannel-logout"],
    ),
]
Kinds = Annotated[list[GrantType], Meta(min_length=1, max_length=4)]
Scopes = Annotated[
    list[Annotated[str, Meta(min_length=1, max_length=200, examples=["ticketing.tickets.read"])]],
    Meta(
        min_length=1,
        max_length=200,
        description="The most it may ask for: permissions, patterns, openid and the like",
    ),
]


class ClientWrite(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What can be changed about an application."""

    name: Name
    redirect_uris: Addresses = msgspec.field(default_factory=list[str])
    post_logout_redirect_uris: LogoutAddresses = msgspec.field(default_factory=list[str])
    backchannel_logout_uri: LogoutAddress = ""
    grant_types: Kinds
    scopes: Scopes


class ClientRead(ClientWrite, kw_only=True):
    """An application; its id is its `client_id`, its secret was shown once."""

    confidential: bool
    created_at: datetime.datetime
    updated_at: datetime.datetime


class ConsentRead(msgspec.Struct, frozen=True, kw_only=True):
    """What a person allows an application."""

    scopes: list[str]
    granted_at: datetime.datetime
    created_at: datetime.datetime


class SigningKeyRead(msgspec.Struct, frozen=True, kw_only=True):
    """A key pair that signs id_tokens."""

    kid: str
    retired_at: datetime.datetime | None
    created_at: datetime.datetime


clients = Resource(
    name="oauth-clients",
    title="Applications",
    description="Other people's programs that may ask people here for access.",
    table=Client,
    read=ClientRead,
    write=ClientWrite,
    verbs=frozenset(("list", "get", "update", "delete")),
    relations=(ToOne("owner", "users", Client.owner, writable=False, inverse="oauth_clients"),),
    filters=(Client.name, Client.owner),
    sorts=(Client.name, Client.created_at),
    default_sort="name",
    search=(Client.name,),
    label=Client.name,
    before_create=client_rules.write,
    before_update=client_rules.write,
    before_delete=client_rules.delete,
    unaudited=("secret_hash",),
)

consents = Resource(
    name="oauth-consents",
    title="Allowed applications",
    description="What people allow applications to do in their name.",
    table=Consent,
    read=ConsentRead,
    verbs=frozenset(("list", "get", "delete")),
    relations=(
        ToOne("client", "oauth-clients", Consent.client, writable=False, inverse="consents"),
        ToOne("user", "users", Consent.account, writable=False, inverse="oauth_consents"),
    ),
    filters=(Consent.client, Consent.account),
    sorts=(Consent.granted_at,),
    default_sort="-granted_at",
    scopes={"own": lambda who: Consent.account == who.id},
    before_delete=client_rules.take_back,
)

signing_keys = Resource(
    name="oauth-signing-keys",
    title="Signing keys",
    description="Keys that sign what applications learn about people.",
    table=SigningKey,
    read=SigningKeyRead,
    verbs=frozenset(("list", "get")),
    sorts=(SigningKey.created_at,),
    label=SigningKey.kid,
)

ALL = (clients, consents, signing_keys)
