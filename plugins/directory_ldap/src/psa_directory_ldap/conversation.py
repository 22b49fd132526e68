"""What is said to a directory: bind, search. Nothing is ever written there.

A password or a name that somebody typed travels as bytes in its own field and is never part of a filter's text
(RFC 4511 4.5.1.7), so there is nothing to escape. Referrals aren't followed: they would lead to other hosts.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
from sansldap import (
    BindResponse,
    FilterEquality,
    FilterOr,
    LDAPFilter,
    LDAPResultCode,
    PagedResultControl,
    SearchResultDone,
    SearchResultEntry,
    SearchResultReference,
    SearchScope,
)

from psa_directory_ldap.wire import DirectoryTrouble, Wire

PAGE: Final = 200
MOST_ENTRIES: Final = 20_000
_CLOSED: Final = frozenset(
    (
        LDAPResultCode.BUSY,
        LDAPResultCode.UNAVAILABLE,
        LDAPResultCode.CONFIDENTIALITY_REQUIRED,
        LDAPResultCode.STRONG_AUTH_REQUIRED,
    )
)


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """Something in a directory; names of attributes are in lower case."""

    dn: str
    values: Mapping[str, Sequence[bytes]]

    def raw(self, attribute: str) -> bytes:
        """Return an attribute's first value; empty without one."""
        return next(iter(self.values.get(attribute.lower(), ())), b"")

    def text(self, attribute: str) -> str:
        """Return an attribute's first value as text; empty where it is none."""
        return _text(self.raw(attribute))

    def texts(self, attribute: str) -> list[str]:
        """Return all values of an attribute that are text."""
        return [text for value in self.values.get(attribute.lower(), ()) if (text := _text(value))]


def _text(value: bytes) -> str:
    try:
        text = value.decode().strip()
    except UnicodeDecodeError:
        return ""
    return text if "\x00" not in text else ""


def parsed(text: str) -> LDAPFilter:
    """Return an administrator's filter; raises `ValueError` for what is none (RFC 4515)."""
    try:
        return LDAPFilter.from_string(text)
    except RecursionError as error:
        raise ValueError("It is nested too deeply.") from error


def equal(attribute: str, value: str | bytes) -> LDAPFilter:
    """Match one value, whatever is in it."""
    return FilterEquality(attribute=attribute, value=value.encode() if isinstance(value, str) else value)


def either(filters: Sequence[LDAPFilter]) -> LDAPFilter:
    """Match what any of the filters matches; there is at least one."""
    return filters[0] if len(filters) == 1 else FilterOr(filters=list(filters))


class Conversation:
    """A directory on the line."""

    def __init__(self, wire: Wire, host: str) -> None:
        """Talk over a wire."""
        self._wire = wire
        self.host = host

    async def bind(self, dn: str, password: str) -> bool:
        """Tell whether a password is right, by logging in with it.

        Without a name or a password a server says yes to anybody (RFC 4513 5.1.2), so it isn't even asked, nor with
        a NUL, where some end a text: raises `ValueError`. Raises `DirectoryTrouble` when there is no clear answer.
        """
        if not dn.strip() or not password or "\x00" in password:
            raise ValueError("A bind needs a name and a password.")
        self._wire.client.bind_simple(dn, password)
        await self._wire.send()
        answer = await self._wire.receive()
        if not isinstance(answer, BindResponse):
            raise DirectoryTrouble(f"{self.host} answers a bind with something else.", "bind")
        code = answer.result.result_code
        if code in _CLOSED:
            said = answer.result.diagnostics_message[:200]
            raise DirectoryTrouble(f"{self.host} takes no log-ins: {code.name} {said}".strip(), "bind")
        return code == LDAPResultCode.SUCCESS

    async def search(
        self,
        base: str,
        found: LDAPFilter,
        attributes: Sequence[str],
        *,
        scope: SearchScope = SearchScope.SUBTREE,
        most: int = MOST_ENTRIES,
        enough: int = 0,
        may_lack_base: bool = False,
    ) -> list[Entry]:
        """Return what matches, page by page (RFC 2696); all of it, or `DirectoryTrouble`.

        More than `most` is trouble too, and a base that isn't there unless it may be lacking. `enough` entries end
        the search early, at the end of a page.
        """
        entries, cookie = list[Entry](), b""
        while True:
            control = PagedResultControl(critical=False, size=min(PAGE, most + 1), cookie=cookie)
            self._wire.client.search_request(
                base,
                scope=scope,
                filter=found,
                attributes=list(attributes),
                controls=[control],
            )
            await self._wire.send()
            cookie = await self._page(entries, most, may_lack_base)
            if not cookie or (enough and len(entries) >= enough):
                return entries
            # Thousands of entries are read without waiting; others want their turn.
            await asyncio.sleep(0)

    async def _page(self, entries: list[Entry], most: int, may_lack_base: bool) -> bytes:
        """Read one page and return where the next begins; empty after the last."""
        while True:
            message = await self._wire.receive()
            match message:
                case SearchResultEntry():
                    values = {one.name.lower(): tuple(one.values) for one in message.attributes}
                    entries.append(Entry(dn=message.object_name, values=values))
                    if len(entries) > most:
                        raise DirectoryTrouble(
                            f"{self.host} finds more than {most} entries; narrow the filter.", "search"
                        )
                case SearchResultReference():
                    continue
                case SearchResultDone():
                    code = message.result.result_code
                    lacking = may_lack_base and code == LDAPResultCode.NO_SUCH_OBJECT
                    if code != LDAPResultCode.SUCCESS and not lacking:
                        said = f"{code.name} {message.result.diagnostics_message[:200]}".strip()
                        raise DirectoryTrouble(f"{self.host} doesn't search to the end: {said}", "search")
                    return next(
                        (one.cookie for one in message.controls if isinstance(one, PagedResultControl)), b""
                    )
                case _:
                    raise DirectoryTrouble(f"{self.host} answers a search with something else.", "search")
