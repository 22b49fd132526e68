"""A directory that a tenant set up: who it is for, how to reach it, and talking to the first host that answers."""

import asyncio
import datetime
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
from sansldap import FilterAnd

from psa_directory_ldap.api import DIRECTORIES, key_of
from psa_directory_ldap.conversation import Conversation, either, equal, parsed
from psa_directory_ldap.people import Found, Mapped, found
from psa_directory_ldap.wire import DirectoryTrouble, Security, connected
from psa_sdk import Context
from psa_sdk.access import Audience
from psa_sdk.admission import Admission
from psa_sdk.context import Row
from psa_sdk.errors import NotFound, Problem
from psa_sdk.network import Network

CONNECT_SECONDS: Final = 4.0
"""For one address, TLS included."""
LOGIN_SECONDS: Final = 10.0
"""For all of a log-in, whatever the hosts do."""
_PORTS: Final[Mapping[Security, int]] = {"ldaps": 636, "starttls": 389}
_PAUSE: Final = 60.0
_MOST: Final = 1000


class Host(msgspec.Struct, frozen=True):
    """A server of a directory."""

    name: str
    port: int

    @classmethod
    def of(cls, text: str, security: Security) -> "Host":
        """Return the host of `name`, `name:port` or `[address]:port`; raises `ValueError` for anything else.

        Example:
            >>> Host.of("dc1.example.com", "ldaps"), Host.of("[2001:db8::1]:3269", "ldaps").port
            (Host(name='dc1.example.com', port=636), 3269)
        """
        parts = urlsplit(f"//{text}")
        more = parts.username is not None or parts.path or parts.query or parts.fragment
        if not parts.hostname or more or parts.hostname != parts.hostname.strip() or " " in text:
            raise ValueError(f"{text} is no host.")
        return cls(parts.hostname, parts.port or _PORTS[security])


_failed_at: dict[Host, float] = {}
"""When a host last failed to answer (monotonic seconds): for a minute it is tried after the others."""


class Registration(msgspec.Struct, frozen=True, kw_only=True):
    """All that is needed to talk to a directory, no database at hand; the secret in the clear, so never kept."""

    id: UUID
    name: str
    audience: Audience
    hosts: Sequence[Host]
    security: Security
    ca_certificates: str
    bind_dn: str
    bind_password: str
    mapped: Mapped
    rules: Admission

    def __repr__(self) -> str:
        """Never show the secret."""
        return f"Registration({self.name})"


async def registration_of(ctx: Context, row: Row) -> Registration:
    """Return the registration of a directory's columns."""
    try:
        secret = await ctx.as_system().reveal(DIRECTORIES, row["id"], "bind_password", shown=False)
    except NotFound:
        secret = ""
    return Registration(
        id=row["id"],
        name=row["name"],
        audience=row["audience"],
        hosts=[Host.of(text, row["security"]) for text in row["hosts"]],
        security=row["security"],
        ca_certificates=row["ca_certificates"],
        bind_dn=row["bind_dn"],
        bind_password=secret,
        mapped=Mapped.of(row),
        rules=Admission.of(key_of(row["id"]), row),
    )


@asynccontextmanager
async def opened(
    network: Network, registration: Registration, *, seconds: float
) -> AsyncGenerator[Conversation]:
    """Talk to a directory as its bind account; all of the block takes `seconds` at most.

    Raises `DirectoryTrouble`. Holds no connection to the database.
    """
    try:
        async with asyncio.timeout(seconds), _first(network, registration) as talk:
            if not registration.bind_password:
                raise DirectoryTrouble("The bind account has no password yet.", "bind")
            await bind_as_account(talk, registration)
            yield talk
    except TimeoutError as error:
        raise DirectoryTrouble(f"{registration.name} takes longer than {seconds:g} seconds.") from error
    except OSError as error:
        raise DirectoryTrouble(f"{registration.name} hung up: {error.strerror or error}") from error


async def bind_as_account(talk: Conversation, registration: Registration) -> None:
    """Become the account that searches."""
    if not await talk.bind(registration.bind_dn, registration.bind_password):
        raise DirectoryTrouble(f"{talk.host} doesn't take the bind account and its password.", "bind")


@asynccontextmanager
async def _first(network: Network, registration: Registration) -> AsyncGenerator[Conversation]:
    """Connect to the first host that answers; those that just didn't come last."""
    troubles: list[str] = []
    for host in sorted(registration.hosts, key=_just_failed):
        try:
            addresses = await network.addresses(host.name, host.port)
        except Problem as problem:
            troubles.append(str(problem))
            continue
        for address in addresses:
            async with AsyncExitStack() as stack:
                line = connected(
                    address,
                    host.port,
                    host=host.name,
                    security=registration.security,
                    ca_certificates=registration.ca_certificates,
                    seconds=CONNECT_SECONDS,
                )
                try:
                    wire = await stack.enter_async_context(line)
                except DirectoryTrouble as trouble:
                    troubles.append(trouble.detail)
                    _note_failure(host)
                    continue
                _failed_at.pop(host, None)
                yield Conversation(wire, host.name)
                return
    raise DirectoryTrouble(" ".join(dict.fromkeys(troubles)) or "No host is named.")


def _just_failed(host: Host) -> bool:
    return time.monotonic() - _failed_at.get(host, -_PAUSE) < _PAUSE


def _note_failure(host: Host) -> None:
    if len(_failed_at) >= _MOST:
        _failed_at.clear()
    _failed_at[host] = time.monotonic()


async def person_of(
    talk: Conversation, mapped: Mapped, now: datetime.datetime, *, subject: str = "", login: str = ""
) -> Found | None:
    """Return the one whom a subject, or what somebody typed, stands for; None unless there is exactly one."""
    if subject:
        who = equal(mapped.subject, mapped.subject_value(subject))
    else:
        who = either([equal(attribute, login) for attribute in mapped.logins])
    within = FilterAnd(filters=[parsed(mapped.user_filter), who])
    entries = await talk.search(mapped.base_dn, within, mapped.attributes, most=10)
    people = {one.person.subject: one for entry in entries if (one := found(entry, mapped, now))}
    return next(iter(people.values())) if len(people) == 1 else None


async def everybody(talk: Conversation, mapped: Mapped, now: datetime.datetime) -> list[Found]:
    """Return all people of a directory, in the order of their DNs."""
    entries = await talk.search(mapped.base_dn, parsed(mapped.user_filter), mapped.attributes)
    people = {one.person.subject: one for entry in entries if (one := found(entry, mapped, now))}
    return sorted(people.values(), key=lambda one: one.dn.casefold())
