"""Directories and their synchronisations as the API shows them."""

from psa_directory_ldap import rules, shapes
from psa_directory_ldap.api import DIRECTORIES, SYNCS
from psa_directory_ldap.tables import LdapDirectory, Sync
from psa_sdk import Resource, ToMany, ToOne

directories = Resource(
    name=DIRECTORIES,
    title="Directories",
    description="Active Directory and OpenLDAP: log-in with their passwords, accounts that follow them.",
    table=LdapDirectory,
    read=shapes.DirectoryRead,
    write=shapes.DirectoryWrite,
    relations=(
        ToOne("default_role", "roles", LdapDirectory.default_role),
        ToMany("syncs", SYNCS, Sync.directory),
    ),
    filters=(LdapDirectory.name, LdapDirectory.audience, LdapDirectory.preset, LdapDirectory.is_active),
    sorts=(LdapDirectory.position, LdapDirectory.name, LdapDirectory.created_at),
    default_sort="position",
    label=LdapDirectory.name,
    before_create=rules.write_directory,
    before_update=rules.write_directory,
    before_delete=rules.delete_directory,
)

syncs = Resource(
    name=SYNCS,
    title="Synchronisations",
    description="What synchronisations with directories did, or would have done.",
    table=Sync,
    read=shapes.SyncRead,
    verbs=frozenset(("list", "get")),
    relations=(ToOne("directory", DIRECTORIES, Sync.directory, writable=False),),
    filters=(Sync.directory, Sync.state, Sync.is_dry),
    sorts=(Sync.created_at,),
)

ALL = (directories, syncs)
