"""The attributes of directories and their synchronisations as clients read and write them."""

import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, field

from psa_directory_ldap.api import GroupLookup, Preset, SyncState
from psa_sdk.access import Audience
from psa_sdk.identity_providers import Domain, Name, RoleKey

Host = Annotated[str, Meta(min_length=1, max_length=260, examples=["dc1.example.com"])]
Dn = Annotated[str, Meta(max_length=500, examples=["ou=people,dc=example,dc=com"])]
Attribute = Annotated[str, Meta(max_length=80, pattern=r"^([A-Za-z][A-Za-z0-9-]*)?$")]
Login = Annotated[str, Meta(max_length=80, pattern=r"^[A-Za-z][A-Za-z0-9-]*$")]


class DirectoryShown(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What is both read and written of a directory."""

    name: Name
    hosts: Annotated[
        list[Host], Meta(min_length=1, max_length=10, description="Tried in this order: host or host:port")
    ]
    bind_dn: Annotated[Dn, Meta(min_length=1, description="The account that searches; it needs to read only")]
    base_dn: Annotated[Dn, Meta(min_length=3, description="Where people are")]
    preset: Annotated[Preset, Meta(description="Completes what is left empty")] = "active_directory"
    audience: Annotated[Audience, Meta(description="Who logs in with it; final")] = "staff"
    security: Annotated[Literal["ldaps", "starttls"], Meta(description="Certificates are always checked")] = (
        "ldaps"
    )
    ca_certificates: Annotated[
        str,
        Meta(max_length=100_000, description="PEM of the only authorities that count; empty: the system's"),
    ] = ""
    user_filter: Annotated[str, Meta(max_length=1000)] = ""
    subject_attribute: Annotated[
        Attribute, Meta(description="What identifies a person for good: objectGUID, entryUUID")
    ] = ""
    login_attributes: Annotated[
        list[Login], Meta(max_length=5, description="Where the address that somebody typed is looked for")
    ] = field(default_factory=list[str])
    email_attribute: Attribute = ""
    name_attribute: Attribute = ""
    group_base_dn: Annotated[Dn, Meta(description="Empty: where people are")] = ""
    group_lookup: Annotated[
        GroupLookup, Meta(description="How groups tell their members; nested ones are Active Directory's")
    ] = "preset"
    group_roles: Annotated[
        dict[str, list[RoleKey]],
        Meta(
            max_length=100,
            description='Roles by group, such as {"Helpdesk": ["technician"]}, by name or DN; where any is named, groups decide',
        ),
    ] = field(default_factory=dict[str, list[str]])
    email_domains: Annotated[
        list[Domain], Meta(max_length=100, description="Whose addresses belong here; empty: any")
    ] = field(default_factory=list[str])
    links_by_email: Annotated[
        bool, Meta(description="An address finds the account; never one that manages accounts")
    ] = False
    creates_accounts: Annotated[bool, Meta(description="Unknown people get an account")] = False
    is_active: bool = True
    position: Annotated[int, Meta(ge=0, le=10_000)] = 100
    sync_hours: Annotated[
        int, Meta(ge=0, le=720, description="Hours between two synchronisations; 0: only when asked")
    ] = 0
    deactivates_leavers: Annotated[
        bool, Meta(description="Who is gone or disabled there is deactivated here")
    ] = True
    leavers_percent: Annotated[
        int, Meta(ge=0, le=100, description="More leavers than this share stop it until somebody confirms")
    ] = 20


class DirectoryWrite(DirectoryShown, kw_only=True, forbid_unknown_fields=True):
    """What may be sent for a directory."""

    bind_password: Annotated[str, Meta(min_length=1, max_length=500)] | None = None


class DirectoryRead(DirectoryShown, kw_only=True):
    """A directory's attributes; of the password only whether it is set."""

    bind_password: bool
    created_at: datetime.datetime
    updated_at: datetime.datetime


class SyncLine(msgspec.Struct, frozen=True, kw_only=True):
    """What became, or would become, of one person."""

    action: Literal["created", "linked", "changed", "deactivated", "reactivated", "left_out", "kept"]
    name: str
    email: str
    detail: str = ""


class SyncRead(msgspec.Struct, kw_only=True):
    """A synchronisation's attributes; numbers are of people."""

    is_dry: bool
    state: SyncState
    detail: str
    found: int
    created: int
    linked: int
    changed: int
    deactivated: int
    reactivated: int
    left_out: int
    lines: list[SyncLine]
    created_at: datetime.datetime
    finished_at: datetime.datetime | None


class SyncAsked(msgspec.Struct, forbid_unknown_fields=True):
    """A wish to synchronise; a dry run only tells what it would do."""

    is_dry: bool = True


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """What a trial of a directory showed; `people` are at most a thousand, `first` the names of three."""

    works: bool
    detail: str
    step: Literal["connect", "bind", "search", ""] = ""
    host: str = ""
    people: int = 0
    first: tuple[str, ...] = ()
