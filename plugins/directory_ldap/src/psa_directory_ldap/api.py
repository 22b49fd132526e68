"""What other plugins may use of directories."""

from typing import ClassVar, Final, Literal
from uuid import UUID

from psa_sdk.events import Event

DIRECTORIES: Final = "ldap-directories"
"""The resource of directories."""
SYNCS: Final = "ldap-syncs"
"""The resource of synchronisations: what each did, or would have done."""
Preset = Literal["active_directory", "openldap"]
GroupLookup = Literal["preset", "nested", "member", "member_uid"]
"""How groups tell their members: nested ones of Active Directory, DNs, or names of users; as the preset does it."""
SyncState = Literal["queued", "finished", "stopped", "failed"]


class SyncFinished(Event, frozen=True, kw_only=True):
    """Accounts were brought up to date with a directory, or weren't: `stopped` asks somebody to confirm it."""

    name: ClassVar[str] = "directory_ldap.sync_finished"
    sync_id: UUID
    directory_id: UUID
    state: SyncState
    is_dry: bool
    deactivated: int


EVENTS = (SyncFinished,)


def key_of(directory: UUID) -> str:
    """Return the name under which a directory's people are linked (`psa_sdk.sign_in.ExternalIdentities`)."""
    return f"ldap:{directory}"
