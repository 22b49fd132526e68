"""People who may log in, as plugins see them: staff, their teams, and clients' portal accounts.

Reference them with `Ref("users")` and `Ref("groups")`; ask about them through `ctx.service(Directory)`.
"""

import datetime
from collections.abc import Collection, Mapping, Sequence
from typing import ClassVar, Literal, Protocol
from uuid import UUID

import msgspec

from psa_sdk.access import Audience
from psa_sdk.context import Context
from psa_sdk.events import Event

AccountStatus = Literal["invited", "active", "disabled"]
PasswordPurpose = Literal["reset", "invitation"]


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """A person who may log in; zone and locale are empty where the tenant's hold."""

    id: UUID
    audience: Audience
    name: str
    email: str
    status: AccountStatus
    timezone: str = ""
    locale: str = ""
    company_id: UUID | None = None
    contact_id: UUID | None = None


class Team(msgspec.Struct, frozen=True, kw_only=True):
    """Staff who work together; the API calls it a group."""

    id: UUID
    name: str
    manager_id: UUID | None
    member_ids: tuple[UUID, ...]


class PasswordToken(msgspec.Struct, frozen=True, kw_only=True):
    """A one-time token for setting a password, to be sent to its owner and nobody else."""

    account: Account
    purpose: PasswordPurpose
    token: str
    expires_at: datetime.datetime

    def __repr__(self) -> str:
        """Never show the token."""
        return f"PasswordToken(account={self.account.id}, purpose={self.purpose!r})"


class PasswordRequested(Event, frozen=True, kw_only=True):
    """Somebody may set a password: whoever sends mail asks the `Directory` for the token."""

    name: ClassVar[str] = "auth.password_requested"
    request_id: UUID
    account_id: UUID
    purpose: PasswordPurpose


class AccountErased(Event, frozen=True, kw_only=True):
    """A person's identity was removed: forget the name wherever else it stands."""

    name: ClassVar[str] = "auth.account_erased"
    account_id: UUID


AlertMatter = Literal[
    "new_device",
    "password_changed",
    "email_changed",
    "second_factor_added",
    "second_factor_removed",
    "passkey_added",
    "passkey_removed",
    "passkey_copied",
    "recovery_code_used",
    "locked_out",
    "api_key_made",
    "session_stolen",
    "identity_linked",
    "identity_unlinked",
    "application_stolen",
]
"""What an account's owner should hear of."""


class AccountAlert(Event, frozen=True, kw_only=True):
    """Something happened that an account's owner should hear of, in case it was somebody else's doing.

    `detail` names the thing, such as a key. `former_email` is an address that no longer is the account's and is told
    too. `at`, `ip` and `user_agent` say when and from where.
    """

    name: ClassVar[str] = "auth.account_alert"
    account_id: UUID
    matter: AlertMatter
    detail: str = ""
    former_email: str = ""
    at: datetime.datetime
    ip: str = ""
    user_agent: str = ""


class SessionsEnded(Event, frozen=True, kw_only=True):
    """Sessions of an account were ended by somebody; those that merely grow too old are not told of.

    `session_ids` are those of `psa_sdk.web.BrowserSession` and of clients with tokens. `everywhere` says that all of
    the account's up to then were meant, even if there was none. `reason` is a word such as `logout`,
    `ended_by_administrator`, `account_disabled`, `password_reset`.
    """

    name: ClassVar[str] = "auth.sessions_ended"
    account_id: UUID
    session_ids: tuple[UUID, ...]
    reason: str
    at: datetime.datetime
    everywhere: bool = False


class Delegated(msgspec.Struct, frozen=True, kw_only=True):
    """What a token of `Delegations` stands for."""

    account_id: UUID
    family: UUID
    scopes: tuple[str, ...]
    issued_at: datetime.datetime
    expires_at: datetime.datetime


class Delegations(Protocol):
    """Bearer tokens by which another program acts for an account, for plugins that let people allow that.

    They authenticate like API keys: the account's present rights narrowed by the scopes, in the account's
    audience, closed to what wants a person. Provided by the platform.
    """

    async def issue(
        self,
        account_id: UUID,
        *,
        family: UUID,
        holder: str,
        scopes: Sequence[str],
        expires_at: datetime.datetime,
    ) -> str:
        """Return a new token of an active account; `holder` is the program's name as the audit log tells it.

        All tokens of a `family` end together. `scopes` are grants. Raises `NotFound`.
        """
        ...

    async def find(self, token: str) -> Delegated | None:
        """Return what a token stands for while it is good; None otherwise."""
        ...

    async def end(self, families: Collection[UUID]) -> int:
        """End all tokens of families, from the next request on; returns how many there were."""
        ...


class Directory(Protocol):
    """The tenant's accounts and teams. Provided by the platform; callers check permissions themselves."""

    async def users(self, ids: Collection[UUID]) -> Mapping[UUID, Account]:
        """Return the accounts that exist, by id."""
        ...

    async def find(self, audience: Audience, email: str) -> Account | None:
        """Return the account of an audience with an address, whatever its status."""
        ...

    async def identities(self, id: UUID) -> Mapping[str, str]:
        """Return the subjects that an account is linked to by provider (`psa_sdk.sign_in.ExternalIdentities`)."""
        ...

    async def holders(self, permission: str, *, team_id: UUID | None = None) -> list[Account]:
        """Return the active staff who hold a permission in any scope, by name; of one team if given."""
        ...

    async def roles(self, ids: Collection[UUID]) -> Mapping[UUID, tuple[str, ...]]:
        """Return the keys of the roles that accounts hold, by account; those without one are absent."""
        ...

    async def teams(self, ids: Collection[UUID]) -> Mapping[UUID, Team]:
        """Return the teams that exist, by id."""
        ...

    async def open_portal_account(
        self,
        *,
        email: str,
        name: str,
        role: str,
        company_id: UUID,
        contact_id: UUID,
        account_id: UUID | None = None,
    ) -> Account:
        """Give a contact a portal account, or bring an earlier one up to date and to life, and invite them.

        Raises `Conflict` when another portal account has the address, `Invalid` for a role that isn't a
        portal one, `Forbidden` when the role gives more than the caller holds.
        """
        ...

    async def disable_account(self, id: UUID, *, erase: bool = False) -> None:
        """End an account's sessions, keys and log-ins at once; `erase` also removes name and address.

        Raises `NotFound`, or `Conflict` for the last active administrator.
        """
        ...

    async def move_portal_accounts(self, ids: Sequence[UUID], company_id: UUID) -> None:
        """Let portal accounts belong to another company; their sessions end, since they see others' records."""
        ...

    async def request_password(self, id: UUID) -> UUID:
        """Let an account set a password once (a reset, or an invitation while it has none); emits the event."""
        ...

    async def password_token(self, request_id: UUID) -> PasswordToken:
        """Return the token of a request, always the same; raises `NotFound` when it is used or over."""
        ...

    async def end_sessions(self, id: UUID, *, reason: str) -> int:
        """End all sessions of an account and return how many there were."""
        ...

    async def as_account(self, id: UUID) -> Context:
        """Return this unit of work as a member of staff acts in it, with the rights they have now.

        For background work that somebody asked for. Raises `NotFound` when it is no active staff account.
        """
        ...
