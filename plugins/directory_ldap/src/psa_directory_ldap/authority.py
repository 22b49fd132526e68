"""Log-in with a directory's password: which directory is asked about whom, and what becomes of its answer (AUTH-42)."""

import datetime
from collections.abc import Sequence
from uuid import UUID

import msgspec
import structlog

from psa_directory_ldap.api import DIRECTORIES, key_of
from psa_directory_ldap.conversation import Conversation
from psa_directory_ldap.directories import (
    LOGIN_SECONDS,
    Registration,
    bind_as_account,
    opened,
    person_of,
    registration_of,
)
from psa_directory_ldap.groups import groups_of
from psa_directory_ldap.tables import LdapDirectory
from psa_directory_ldap.wire import DirectoryTrouble
from psa_sdk import Context
from psa_sdk.access import Audience
from psa_sdk.admission import (
    MANAGES_ACCOUNTS,
    Admission,
    Person,
    Refused,
    account_for,
    domain_allowed,
)
from psa_sdk.context import Row
from psa_sdk.errors import Unavailable
from psa_sdk.identity import Account, Directory
from psa_sdk.network import Network
from psa_sdk.sign_in import PasswordCheck

_NOBODY = "cn=nobody-3f1c"
_log = structlog.get_logger("psa.directory_ldap")


class Vouched(msgspec.Struct, frozen=True):
    """A person whose password was right, and the directory that said so."""

    directory: UUID
    person: Person


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A directory that may know somebody; by `subject` where they are linked to it, else by what was typed."""

    registration: Registration
    subject: str = ""


class DirectoryAuthority:
    """Implements `psa_sdk.sign_in.PasswordAuthority` in a unit of work."""

    def __init__(self, ctx: Context) -> None:
        """Work in this unit of work."""
        self._ctx = ctx

    async def check_of(self, audience: Audience, email: str) -> PasswordCheck | None:
        """Return what checks the password of an address; None where the platform does."""
        asked = await self._asked(audience, email)
        if not asked:
            return None
        network, now = self._ctx.service(Network), self._ctx.now

        async def check(password: str) -> str | None:
            vouched = await vouched_for(network, asked, email, password, now)
            return msgspec.json.encode(vouched).decode() if vouched else None

        return check

    async def admit(self, audience: Audience, email: str, subject: str) -> Account | None:
        """Return the account of a person whose password was right, their roles brought up to date."""
        vouched = msgspec.json.decode(subject, type=Vouched)
        row = await self._ctx.as_system().records.get(DIRECTORIES, vouched.directory)
        if not row["is_active"] or row["audience"] != audience:
            return None
        rules = Admission.of(key_of(row["id"]), row)
        try:
            return await account_for(self._ctx, rules, vouched.person)
        except Refused as refused:
            await self._ctx.audit(
                "admission_refused", DIRECTORIES, row["id"], reason=refused.reason, email=email
            )
            return None

    async def _asked(self, audience: Audience, email: str) -> Sequence[Asked]:
        """Return the directories that are asked about an address.

        Whoever is linked to one belongs to it, whatever their address. An account that isn't linked belongs to the
        directories of its domain that link by address, unless it manages accounts; an unknown address to all of
        its domain.
        """
        wanted = (LdapDirectory.audience == audience) & LdapDirectory.is_active.eq(True)
        rows = await self._ctx.as_system().records.find(DIRECTORIES, wanted, order="position")
        if not rows:
            return ()
        people = self._ctx.service(Directory)
        account = await people.find(audience, email)
        if account is not None:
            linked = await people.identities(account.id)
            chosen = [(row, subject) for row in rows if (subject := linked.get(key_of(row["id"])))]
            if chosen:
                return [await self._registered(row, subject) for row, subject in chosen]
            if account.id in {one.id for one in await people.holders(MANAGES_ACCOUNTS)}:
                return ()
        return [
            await self._registered(row)
            for row in rows
            if domain_allowed(email.strip(), row["email_domains"])
            and (account is None or row["links_by_email"])
        ]

    async def _registered(self, row: Row, subject: str = "") -> Asked:
        return Asked(registration=await registration_of(self._ctx, row), subject=subject)


async def vouched_for(
    network: Network, asked: Sequence[Asked], login: str, password: str, now: datetime.datetime
) -> Vouched | None:
    """Return who logs in, when the first directory that knows them takes the password.

    An empty password is nobody's, and no directory sees it. Raises `Unavailable` when one can't be asked and no
    other knows the person.
    """
    if not password or "\x00" in password:
        return None
    trouble: DirectoryTrouble | None = None
    for one in asked:
        try:
            async with opened(network, one.registration, seconds=LOGIN_SECONDS) as talk:
                known, person = await _proven(talk, one, login.strip(), password, now)
        except DirectoryTrouble as failed:
            _log.warning(
                "directory_trouble",
                directory=str(one.registration.id),
                step=failed.step,
                detail=failed.detail,
            )
            trouble = failed
            continue
        if known:
            return Vouched(one.registration.id, person) if person else None
    if trouble is not None:
        raise Unavailable(
            "Your organisation's directory doesn't answer at this moment; try again later.",
            code="directory_unavailable",
            headers={"Retry-After": "30"},
        ) from trouble
    return None


async def _proven(
    talk: Conversation, asked: Asked, login: str, password: str, now: datetime.datetime
) -> tuple[bool, Person | None]:
    """Tell whether a directory knows somebody, and return them when the password is right and the account open."""
    mapped = asked.registration.mapped
    found = await person_of(talk, mapped, now, subject=asked.subject, login=login)
    # A bind as nobody: an unknown person takes as long as a known one.
    right = await talk.bind(found.dn if found else f"{_NOBODY},{mapped.base_dn}", password)
    if found is None or not right or found.closed:
        return found is not None, None
    await bind_as_account(talk, asked.registration)
    return True, (await groups_of(talk, mapped, found)).person
