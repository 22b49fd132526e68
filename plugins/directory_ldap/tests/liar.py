"""A server that is what a test wants: Active Directory with its own attributes and rules, or one that lies."""

import asyncio
import ssl
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import sansldap as ldap

from psa_directory_ldap.groups import IN_CHAIN

from .certificates import Authority

BASE = "DC=corp,DC=example,DC=com"
READER, READER_SECRET = f"CN=svc-psa,{BASE}", "only reads"
ENDLESS = b"\x30\x84\x7f\xff\xff\xff"
"""Announces a message of two gibibytes."""


class Liar:
    """Holds entries, and answers as `lie` says."""

    def __init__(self, port: int, ca: str) -> None:
        self.port, self.ca = port, ca
        self.entries: dict[str, dict[str, list[bytes]]] = {}
        self.passwords = {READER: READER_SECRET}
        self.lie = ""
        self.binds: list[tuple[str, str]] = []
        self.hanging, self.let_go = asyncio.Event(), asyncio.Event()

    def put(self, dn: str, **attributes: Any) -> str:
        """Hold an entry."""
        self.entries[dn] = {
            name: [one if isinstance(one, bytes) else str(one).encode() for one in _listed(value)]
            for name, value in attributes.items()
        }
        return dn

    def person(self, name: str, password: str, guid: bytes, **attributes: Any) -> str:
        dn = f"CN={name},OU=Staff,{BASE}"
        self.passwords[dn] = password
        given = {"objectGUID": guid, "objectClass": ["person", "user"], "userAccountControl": 512, "cn": name}
        address = f"{name.split()[0].lower()}@example.com"
        mine = {"displayName": name, "mail": address, "userPrincipalName": address, **attributes}
        return self.put(dn, objectCategory="person", **given, **mine)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server, who = ldap.LDAPServer(), ""
        try:
            while content := await reader.read(65536):
                for message in server.receive(content):
                    match message:
                        case ldap.BindRequest():
                            who = self._bind(server, message)
                        case ldap.SearchRequest():
                            if await self._lied(server, message, writer):
                                continue
                            self._search(server, message, who)
                        case _:
                            return
                    writer.write(server.data_to_send())
                    await writer.drain()
        except (ldap.LDAPError, OSError):
            pass
        finally:
            writer.close()

    def _bind(self, server: ldap.LDAPServer, asked: ldap.BindRequest) -> str:
        assert isinstance(asked.authentication, ldap.SimpleCredential)
        password = asked.authentication.password
        self.binds.append((asked.name, password))
        # RFC 4513 5.1.2: without a password anybody is welcome.
        right = not password or self.passwords.get(asked.name) == password
        code = ldap.LDAPResultCode.SUCCESS if right else ldap.LDAPResultCode.INVALID_CREDENTIALS
        server.bind_response(
            asked.message_id, result_code=code, diagnostics_message="" if right else "data 52e"
        )
        return asked.name if right and password else ""

    def _search(self, server: ldap.LDAPServer, asked: ldap.SearchRequest, who: str) -> None:
        found = [
            dn
            for dn, values in self.entries.items()
            if dn.lower().endswith((asked.base_object or "").lower())
            and self._matches(asked.filter, dn, values)
        ]
        [page] = [one for one in asked.controls if isinstance(one, ldap.PagedResultControl)]
        begin = int(page.cookie or b"0")
        end = begin + min(page.size, 2)
        for dn in found[begin:end] if who else ():
            wanted = {name.lower() for name in asked.attributes}
            listed = [
                ldap.PartialAttribute(name, values)
                for name, values in self.entries[dn].items()
                if name.lower() in wanted
            ]
            server.search_result_entry(asked.message_id, dn, listed)
        if asked.base_object == BASE:
            server.search_result_reference(
                asked.message_id, [f"ldap://evil.example/DC=DomainDnsZones,{BASE}"]
            )
        cookie = str(end).encode() if end < len(found) else b""
        control = ldap.PagedResultControl(critical=False, size=0, cookie=cookie)
        server.search_result_done(asked.message_id, controls=[control])

    def _matches(self, wanted: ldap.LDAPFilter, dn: str, values: Mapping[str, Sequence[bytes]]) -> bool:
        match wanted:
            case ldap.FilterAnd():
                return all(self._matches(one, dn, values) for one in wanted.filters)
            case ldap.FilterOr():
                return any(self._matches(one, dn, values) for one in wanted.filters)
            case ldap.FilterEquality():
                return wanted.value.lower() in [one.lower() for one in _of(values, wanted.attribute)]
            case ldap.FilterPresent():
                return True
            case ldap.FilterExtensibleMatch(rule=rule, attribute="member") if rule == IN_CHAIN:
                return dn in self._above(wanted.value.decode())
            case ldap.FilterExtensibleMatch(rule=rule, attribute="memberOf") if rule == IN_CHAIN:
                return wanted.value.decode() in self._above(dn)
            case _:
                raise AssertionError(f"Nobody taught the double {wanted}")

    def _above(self, dn: str) -> set[str]:
        """Return all groups that somebody is in, through others too."""
        direct = {group for group, values in self.entries.items() if dn.encode() in values.get("member", [])}
        return direct.union(*(self._above(group) for group in direct))

    async def _lied(
        self, server: ldap.LDAPServer, asked: ldap.SearchRequest, writer: asyncio.StreamWriter
    ) -> bool:
        """Answer a search with a lie, if one is wanted."""
        number, code = asked.message_id, ldap.LDAPResultCode
        match self.lie:
            case "":
                return False
            case "hangs":
                self.hanging.set()
                await self.let_go.wait()
                writer.transport.abort()
            case "too long":
                writer.write(ENDLESS)
            case "noise":
                writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            case "another's answer":
                other = ldap.LDAPServer()
                client = ldap.LDAPClient()
                for _ in range(number + 7):
                    last = client.search_request("")
                other.receive(client.data_to_send())
                other.search_result_done(last)
                writer.write(other.data_to_send())
            case "a bind's answer":
                # A success, but of something that nobody asked now.
                body = b"\x02\x01" + bytes([number]) + b"\x61\x07\x0a\x01\x00\x04\x00\x04\x00"
                writer.write(b"\x30" + bytes([len(body)]) + body)
            case "half":
                server.search_result_done(number, result_code=code.SIZE_LIMIT_EXCEEDED)
            case "hangs up":
                writer.transport.abort()
            case "endless pages":
                control = ldap.PagedResultControl(critical=False, size=0, cookie=b"on")
                server.search_result_done(number, controls=[control])
            case _:
                raise AssertionError(self.lie)
        writer.write(server.data_to_send())
        return True


def _listed(value: Any) -> Iterable[Any]:
    return value if isinstance(value, list) else [value]


def _of(values: Mapping[str, Sequence[bytes]], attribute: str) -> Sequence[bytes]:
    return next((found for name, found in values.items() if name.lower() == attribute.lower()), [])


@asynccontextmanager
async def lying(folder: Path) -> AsyncGenerator[Liar]:
    """Serve a liar over LDAPS."""
    authority = Authority()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority.issue(folder))
    liar = Liar(0, authority.pem)
    tasks = set[asyncio.Task[None]]()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        await liar.serve(reader, writer)

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    liar.port = server.sockets[0].getsockname()[1]
    try:
        yield liar
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
