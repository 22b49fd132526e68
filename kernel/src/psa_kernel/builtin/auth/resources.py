"""Users, roles, groups and API keys as the API shows them."""

import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, field

from psa_kernel.builtin.auth.account_rules import change_roles, change_team, delete_account, write_account
from psa_kernel.builtin.auth.key_rules import delete_key, write_key
from psa_kernel.builtin.auth.role_rules import delete_role, write_role
from psa_kernel.builtin.auth.tables import Account, ApiKey, Role, RoleAssignment, Team, TeamMember
from psa_sdk.access import Audience
from psa_sdk.identity import AccountStatus
from psa_sdk.resources import ManyToMany, Resource, ToOne

Name = Annotated[str, Meta(min_length=1, max_length=200)]
Line = Annotated[str, Meta(max_length=200)]
Grant = Annotated[str, Meta(min_length=1, max_length=200, examples=["ticketing.tickets.update@own"])]
GrantList = Annotated[list[Grant], Meta(max_length=500)]
AddressList = Annotated[
    list[Annotated[str, Meta(max_length=50, examples=["192.0.2.0/24"])]],
    Meta(max_length=50, description="Addresses and networks; empty: any"),
]


class UserWrite(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a client may send for a user."""

    name: Name
    email: Annotated[str, Meta(min_length=3, max_length=254)]
    status: Annotated[
        Literal["active", "disabled"], Meta(description="Active means allowed to log in; until then: invited")
    ] = "active"
    job_title: Line = ""
    phone: Line = ""
    timezone: Annotated[str, Meta(max_length=60, description="IANA zone; empty: the tenant's")] = ""
    locale: Annotated[str, Meta(max_length=20, description="Such as de-AT; empty: the tenant's")] = ""


class UserRead(msgspec.Struct, frozen=True, kw_only=True):
    """A user's attributes."""

    name: str
    email: str
    status: AccountStatus
    audience: Audience
    job_title: str
    phone: str
    timezone: str
    locale: str
    last_login_at: datetime.datetime | None
    created_at: datetime.datetime
    updated_at: datetime.datetime


class RoleWrite(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a client may send for a role; key and audience are final."""

    key: Annotated[str, Meta(max_length=63)]
    title: Name
    description: Annotated[str, Meta(max_length=2000)] = ""
    audience: Audience = "staff"
    grants: GrantList = field(default_factory=list[str])
    requires_second_factor: bool = False
    allowed_addresses: AddressList = field(default_factory=list[str])


class RoleRead(RoleWrite, kw_only=True):
    """A role's attributes; for a standard role `grants` are what this organisation adds."""

    standard: bool
    created_at: datetime.datetime
    updated_at: datetime.datetime


class GroupWrite(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a client may send for a group."""

    name: Name
    description: Annotated[str, Meta(max_length=2000)] = ""


class GroupRead(GroupWrite, kw_only=True):
    """A group's attributes."""

    created_at: datetime.datetime
    updated_at: datetime.datetime


class ApiKeyWrite(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a client may change about an API key."""

    name: Name
    allowed_addresses: AddressList = field(default_factory=list[str])


class ApiKeyRead(ApiKeyWrite, kw_only=True):
    """An API key's attributes; its secret was shown once."""

    prefix: str
    scopes: list[str]
    expires_at: datetime.datetime
    last_used_at: datetime.datetime | None
    created_at: datetime.datetime
    updated_at: datetime.datetime


users = Resource(
    name="users",
    title="Users",
    description="People who may log in: staff, and clients' people with portal access.",
    table=Account,
    read=UserRead,
    write=UserWrite,
    relations=(
        ManyToMany("roles", "roles", RoleAssignment.account, RoleAssignment.role, before_change=change_roles),
    ),
    filters=(Account.status, Account.audience, Account.email, Account.name, Account.created_at),
    sorts=(Account.name, Account.email, Account.created_at, Account.last_login_at),
    default_sort="name",
    search=(Account.name, Account.email),
    label=Account.name,
    scopes={"own": lambda who: Account.id == who.id},
    before_create=write_account,
    before_update=write_account,
    before_delete=delete_account,
    unaudited=("last_login_at", "email_normalised"),
)

roles = Resource(
    name="roles",
    title="Roles",
    description="Named sets of grants.",
    table=Role,
    read=RoleRead,
    write=RoleWrite,
    filters=(Role.key, Role.audience, Role.standard),
    sorts=(Role.title, Role.key),
    default_sort="title",
    label=Role.title,
    before_create=write_role,
    before_update=write_role,
    before_delete=delete_role,
)

groups = Resource(
    name="groups",
    title="Groups",
    description="Teams: people who work together.",
    table=Team,
    read=GroupRead,
    write=GroupWrite,
    relations=(
        ToOne("manager", "users", Team.manager, inverse="managed_groups"),
        ManyToMany(
            "members",
            "users",
            TeamMember.team,
            TeamMember.account,
            inverse="groups",
            before_change=change_team,
        ),
    ),
    filters=(Team.name, Team.manager),
    sorts=(Team.name, Team.created_at),
    default_sort="name",
    search=(Team.name,),
    label=Team.name,
)

api_keys = Resource(
    name="api-keys",
    title="API keys",
    description="Keys for programs: their owner's rights, narrowed by scopes.",
    table=ApiKey,
    read=ApiKeyRead,
    write=ApiKeyWrite,
    verbs=frozenset(("list", "get", "update", "delete")),
    relations=(ToOne("user", "users", ApiKey.account, writable=False, inverse="api_keys"),),
    filters=(ApiKey.account, ApiKey.prefix, ApiKey.expires_at),
    sorts=(ApiKey.name, ApiKey.created_at, ApiKey.expires_at, ApiKey.last_used_at),
    default_sort="name",
    label=ApiKey.name,
    scopes={"own": lambda who: ApiKey.account == who.id},
    before_update=write_key,
    before_delete=delete_key,
    unaudited=("last_used_at", "secret_hash"),
)

ALL = (users, roles, groups, api_keys)
