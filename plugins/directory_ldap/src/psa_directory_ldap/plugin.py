"""The table of contents of directories."""

from psa_directory_ldap import api, linking, pages, resources, routes, syncing, tables
from psa_directory_ldap.authority import DirectoryAuthority
from psa_sdk import Manifest, hookimpl, provide
from psa_sdk.sign_in import PasswordAuthority


@hookimpl
def psa_manifest() -> Manifest:
    """Return the table of contents."""
    return Manifest(
        name="directory_ldap",
        title="Directories (LDAP)",
        description="Active Directory and OpenLDAP: log-in with their passwords, accounts that follow them.",
        tables=tables.ALL,
        resources=resources.ALL,
        routes=(*routes.ALL, linking.link),
        permissions=routes.PERMISSIONS,
        events=api.EVENTS,
        services=(provide(PasswordAuthority, DirectoryAuthority),),
        actors=syncing.ACTORS,
        schedules=syncing.SCHEDULES,
        ui=pages.UI,
    )
