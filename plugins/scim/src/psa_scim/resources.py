"""Providers, their tokens, what they sent and what was refused, as the API shows it."""

from psa_scim import rules, shapes
from psa_scim.api import FAULTS, GROUPS, PEOPLE, PROVIDERS, TOKENS
from psa_scim.tables import Fault, Group, Person, Provider, Token
from psa_sdk import Resource, ToOne

providers = Resource(
    name=PROVIDERS,
    title="SCIM providers",
    description="Identity providers that keep accounts and roles up to date.",
    table=Provider,
    read=shapes.ProviderRead,
    write=shapes.ProviderWrite,
    relations=(ToOne("default_role", "roles", Provider.default_role),),
    filters=(Provider.name, Provider.is_active),
    sorts=(Provider.name, Provider.created_at, Provider.last_request_at),
    default_sort="name",
    label=Provider.name,
    before_create=rules.write_provider,
    before_update=rules.write_provider,
    before_delete=rules.delete_provider,
    after_write=rules.follow_provider,
    unaudited=("last_request_at",),
)

tokens = Resource(
    name=TOKENS,
    title="SCIM tokens",
    description="Credentials of identity providers: they open SCIM and nothing else.",
    table=Token,
    read=shapes.TokenRead,
    verbs=frozenset(("list", "get", "delete")),
    relations=(ToOne("provider", PROVIDERS, Token.provider, writable=False, inverse="tokens"),),
    filters=(Token.provider, Token.expires_at),
    sorts=(Token.name, Token.created_at, Token.expires_at, Token.last_used_at),
    default_sort="-created_at",
    label=Token.name,
    unaudited=("token_hash", "last_used_at"),
)

people = Resource(
    name=PEOPLE,
    title="Provisioned people",
    description="The people whom identity providers sent.",
    table=Person,
    read=shapes.PersonRead,
    verbs=frozenset(("list", "get")),
    relations=(
        ToOne("provider", PROVIDERS, Person.provider, writable=False, inverse="people"),
        ToOne("user", "users", Person.account, writable=False, inverse="scim_users"),
    ),
    filters=(Person.provider, Person.account, Person.user_name, Person.external_id, Person.active),
    sorts=(Person.user_name, Person.created_at, Person.updated_at),
    default_sort="user_name",
    label=Person.user_name,
    unaudited=("user_name_key",),
)

groups = Resource(
    name=GROUPS,
    title="Provisioned groups",
    description="The groups that identity providers sent.",
    table=Group,
    read=shapes.GroupRead,
    verbs=frozenset(("list", "get")),
    relations=(ToOne("provider", PROVIDERS, Group.provider, writable=False, inverse="groups"),),
    filters=(Group.provider, Group.display_name, Group.external_id),
    sorts=(Group.display_name, Group.created_at, Group.updated_at),
    default_sort="display_name",
    label=Group.display_name,
)

faults = Resource(
    name=FAULTS,
    title="Refused provisioning",
    description="What identity providers asked for and didn't get, for a month.",
    table=Fault,
    read=shapes.FaultRead,
    verbs=frozenset(("list", "get")),
    relations=(ToOne("provider", PROVIDERS, Fault.provider, writable=False, inverse="faults"),),
    filters=(Fault.provider, Fault.status, Fault.happened_at),
    sorts=(Fault.happened_at,),
    default_sort="-happened_at",
    label=Fault.operation,
)

ALL = (providers, tokens, people, groups, faults)
