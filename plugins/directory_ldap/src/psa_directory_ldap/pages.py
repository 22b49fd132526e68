"""Directories in the console: among the settings, with a trial and the synchronisation on each one's page."""

from typing import Final

from psa_directory_ldap import linking, panels
from psa_directory_ldap.api import DIRECTORIES, SYNCS
from psa_directory_ldap.routes import SYNC, UPDATE
from psa_sdk import AUTHENTICATED
from psa_sdk.ui import Action, ListFilter, Panel, ResourceView, SettingsSection, Shell, Ui

READ = "directory_ldap.ldap_directories.read"
READ_SYNCS = "directory_ldap.ldap_syncs.read"

_SHELLS: Final[tuple[Shell, ...]] = ("console", "portal")

UI = Ui(
    views=(
        ResourceView(
            resource=DIRECTORIES,
            singular="Directory",
            icon="folder-tree",
            columns=("name", "preset", "audience", "hosts", "is_active"),
            summary=("preset", "audience"),
            fields=(
                "name",
                "preset",
                "audience",
                "security",
                "hosts",
                "base_dn",
                "bind_dn",
                "bind_password",
                "email_domains",
                "default_role",
                "links_by_email",
                "creates_accounts",
                "sync_hours",
                "leavers_percent",
                "deactivates_leavers",
                "is_active",
                "group_roles",
                "group_lookup",
                "group_base_dn",
                "user_filter",
                "login_attributes",
                "subject_attribute",
                "email_attribute",
                "name_attribute",
                "position",
                "ca_certificates",
            ),
        ),
        ResourceView(
            resource=SYNCS,
            singular="Synchronisation",
            icon="refresh-cw",
            columns=("created_at", "directory", "state", "is_dry", "created", "changed", "deactivated"),
            summary=("state", "is_dry"),
            tones={"finished": "green", "stopped": "amber", "failed": "red", "queued": "blue"},
        ),
    ),
    settings=(
        SettingsSection(
            id=DIRECTORIES,
            title="Directories",
            url=f"/{DIRECTORIES}",
            permission=READ,
            group="system",
            icon="folder-tree",
            keywords="ldap active directory openldap sync",
            order=42,
        ),
    ),
    panels=(
        Panel(
            slot="ldap-directory.side",
            id="directory_ldap.connection",
            title="Connection",
            template="directory_ldap/connection.html",
            load=panels.connection,
            permission=READ,
            icon="plug-zap",
        ),
        Panel(
            slot="ldap-directory.side",
            id="directory_ldap.synchronisation",
            title="Synchronisation",
            template="directory_ldap/synchronisation.html",
            load=panels.synchronisation,
            permission=READ_SYNCS,
            icon="refresh-cw",
        ),
        *(
            Panel(
                slot="profile.main",
                id=f"directory_ldap.link.{shell}",
                title="Directory",
                template="directory_ldap/link.html",
                load=linking.linkable,
                permission=AUTHENTICATED,
                icon="folder-tree",
                order=30,
                shell=shell,
            )
            for shell in _SHELLS
        ),
    ),
    actions=(
        Action(path="/ldap-directories/{id:uuid}/check", permission=UPDATE, handle=panels.check),
        Action(path="/ldap-directories/{id:uuid}/dry-run", permission=SYNC, handle=panels.dry_run),
        Action(path="/ldap-directories/{id:uuid}/sync", permission=SYNC, handle=panels.run),
        Action(path="/ldap-syncs/{id:uuid}/confirm", permission=SYNC, handle=panels.confirm),
        *(
            Action(
                path="/profile/ldap/{id:uuid}", permission=AUTHENTICATED, handle=linking.link_own, shell=shell
            )
            for shell in _SHELLS
        ),
    ),
    filters=(ListFilter(resource=DIRECTORIES, name="audience"), ListFilter(resource=SYNCS, name="state")),
    styles=("directory_ldap.css",),
)
