"""Talking to a directory: TLS, passwords, what people type, and servers that lie (S15, AUTH-42)."""

import asyncio
import socket
import time

import pytest
import sansldap
from hypothesis import given, settings
from hypothesis import strategies as st

from psa_directory_ldap import conversation, wire
from psa_directory_ldap.conversation import Conversation, either, equal, parsed
from psa_directory_ldap.wire import DirectoryTrouble

from . import liar as lies
from .certificates import Authority
from .conftest import line, reading
from .liar import Liar
from .slapd import Slapd

EVERYBODY = "(objectClass=inetOrgPerson)"


@pytest.mark.parametrize("security", ["ldaps", "starttls"])
async def test_a_password_is_right_or_wrong_over_tls_only(slapd: Slapd, security):
    ann = slapd.person(slapd.unit(), "ann", "Sunny-Days-12")
    async with line(slapd, security) as connection:
        talk = Conversation(connection, "127.0.0.1")
        assert connection._writer.get_extra_info("ssl_object").version() in {"TLSv1.2", "TLSv1.3"}
        assert await talk.bind(ann, "Sunny-Days-12")
        for wrong in ("sunny-days-12", "Sunny-Days-12 ", "*", "x" * 900, "ünïcode"):
            assert not await talk.bind(ann, wrong)
        # RFC 4513 5.1.2: OpenLDAP or not, nobody is ever asked with an empty password, nor one that ends at once.
        for name, nothing in ((ann, ""), (ann, "\x00"), (ann, "\x00right"), ("", "x"), (" ", "x")):
            with pytest.raises(ValueError, match="name and a password"):
                await talk.bind(name, nothing)
        assert not connection.client.data_to_send()


@pytest.mark.parametrize("security", ["ldaps", "starttls"])
async def test_a_certificate_of_another_authority_or_host_is_refused(slapd: Slapd, security):
    for options in ({"ca_certificates": Authority().pem}, {"ca_certificates": ""}, {"host": "localhost"}):
        with pytest.raises(DirectoryTrouble, match="certificate isn't trusted"):
            async with line(slapd, security, **options):
                pass


async def test_starttls_believes_nothing_that_came_in_the_clear():
    """An answer that is put behind the server's own before TLS begins is never read (CVE-2011-0411)."""
    injected = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server = sansldap.LDAPServer()
        [asked] = server.receive(await reader.read(4096))
        server.extended_response(asked.message_id, name=sansldap.ExtendedOperations.LDAP_START_TLS.value)
        # "Your bind succeeded", in the clear.
        writer.write(server.data_to_send() + b"\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x00\x04\x00\x04\x00")
        await writer.drain()
        injected.set()
        await reader.read()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(DirectoryTrouble):
        async with wire.connected(
            "127.0.0.1", port, host="127.0.0.1", security="starttls", ca_certificates="", seconds=0.5
        ):
            raise AssertionError("There is no TLS.")
    assert injected.is_set()
    server.close()


async def test_without_starttls_nothing_more_is_said():
    """A server, or somebody in between, that takes no StartTLS gets to see no name and no password."""
    heard = asyncio.Queue[bytes]()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server, asked = sansldap.LDAPServer(), await reader.read(4096)
        [question] = server.receive(asked)
        server.extended_response(question.message_id, result_code=sansldap.LDAPResultCode.UNAVAILABLE)
        writer.write(server.data_to_send())
        heard.put_nowait(asked + await reader.read())
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(DirectoryTrouble, match="doesn't take StartTLS"):
        async with wire.connected(
            "127.0.0.1", port, host="127.0.0.1", security="starttls", ca_certificates="", seconds=10
        ):
            raise AssertionError("There is no TLS.")
    [only] = sansldap.LDAPServer().receive(await heard.get())
    assert isinstance(only, sansldap.ExtendedRequest)
    server.close()


async def test_what_people_type_is_a_value_and_never_a_filter(slapd: Slapd):
    """RFC 4515: `*`, brackets, backslashes and NUL match themselves."""
    unit = slapd.unit()
    for name in ("ann", "bob"):
        slapd.person(unit, name)
    slapd.person(unit, "odd", mail="o*d(d)\\e@example.com")
    typed = [
        "*",
        "a*",
        "*)(uid=*",
        "ann@example.com)(|(uid=*",
        "\\2a",
        "\x00",
        "*)(objectClass=*",
        "(",
        ")",
        "|",
        "",
    ]
    async with line(slapd) as connection:
        talk = await reading(connection)
        for text in typed:
            assert await talk.search(unit, either([equal("mail", text), equal("uid", text)]), ["mail"]) == []
        for text in ("ann@example.com", "o*d(d)\\e@example.com"):
            [one] = await talk.search(unit, equal("mail", text), ["mail"])
            assert one.texts("MAIL") == [text]


@settings(max_examples=100)
@given(st.text(max_size=60))
def test_any_text_travels_in_one_value(text):
    """RFC 4511 4.5.1.7: whatever was typed, the server gets one equality with just that."""
    wanted = sansldap.FilterAnd(filters=[parsed(EVERYBODY), equal("mail", text)])
    client, server = sansldap.LDAPClient(), sansldap.LDAPServer()
    client.search_request("dc=example", filter=wanted)
    [asked] = server.receive(client.data_to_send())
    assert asked.filter.filters == [parsed(EVERYBODY), sansldap.FilterEquality("mail", text.encode())]


def test_filters_of_administrators_are_read_or_refused_and_never_crash():
    assert str(parsed("(&(objectClass=person)(!(mail=*@old.example)))"))
    for wrong in (
        "",
        "(",
        "mail",
        "(&)",
        "(mail=x",
        "(mail=\\zz)",
        "(!" * 500,
        "(&" * 500 + "(a=b)" + ")" * 500,
    ):
        with pytest.raises(ValueError):
            parsed(wrong)


async def test_all_pages_are_read_or_none(slapd: Slapd):
    """RFC 2696; slapd gives no more than 200 at once and 500 without pages."""
    unit = slapd.unit()
    for number in range(510):
        slapd.person(unit, f"p{number}")
    async with line(slapd) as connection:
        talk = await reading(connection)
        people = await talk.search(unit, parsed(EVERYBODY), ["uid"])
        assert {one.text("uid") for one in people} == {f"p{number}" for number in range(510)}
        assert len(await talk.search(unit, parsed(EVERYBODY), ["uid"], enough=201)) == 400
        with pytest.raises(DirectoryTrouble, match="more than 300"):
            await talk.search(unit, parsed(EVERYBODY), ["uid"], most=300)
    async with line(slapd) as connection:
        talk = await reading(connection)
        nowhere = f"ou=nowhere,{unit}"
        assert await talk.search(nowhere, parsed(EVERYBODY), [], may_lack_base=True) == []
        with pytest.raises(DirectoryTrouble, match="NO_SUCH_OBJECT"):
            await talk.search(nowhere, parsed(EVERYBODY), [])


LIES = {
    "too long": "far too much",
    "noise": "isn't LDAP",
    "another's answer": "isn't LDAP",
    "a bind's answer": "something else",
    "half": "to the end",
    "hangs up": "hung up|Connection",
}


async def test_no_lie_is_taken_for_an_answer(liar: Liar):
    for lie, said in LIES.items():
        liar.lie = lie
        with pytest.raises((DirectoryTrouble, OSError), match=said):
            async with line(liar) as connection:
                talk = Conversation(connection, "127.0.0.1")
                assert await talk.bind(lies.READER, lies.READER_SECRET)
                await talk.search(lies.BASE, parsed("(objectClass=*)"), ["cn"])


async def test_a_server_that_keeps_one_waiting_is_left(liar: Liar):
    for lie in ("hangs", "endless pages"):
        liar.lie, began = lie, time.monotonic()
        with pytest.raises(TimeoutError):
            async with line(liar) as connection:
                talk = Conversation(connection, "127.0.0.1")
                await talk.bind(lies.READER, lies.READER_SECRET)
                async with asyncio.timeout(0.3):
                    await talk.search(lies.BASE, parsed("(objectClass=*)"), ["cn"])
        assert time.monotonic() - began < 10


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=120))
def test_no_bytes_break_the_reader(content):
    """Whatever comes, it is an answer, trouble, or too little."""

    async def read() -> None:
        here, there = socket.socketpair()
        talk = wire.Wire(*await asyncio.open_connection(sock=here))
        with there:
            there.sendall(b"\x30" + bytes([len(content)]) + content)
            there.shutdown(socket.SHUT_WR)
            talk.client.search_request("dc=example")
            talk.client.data_to_send()
            with pytest.raises(DirectoryTrouble):
                while True:
                    await talk.receive()
            talk.hang_up()

    asyncio.run(read())


def test_entries_tell_text_only_where_it_is_text():
    entry = conversation.Entry(dn="cn=x", values={"cn": (b"\xff\xfe", b"ok"), "n": (b"a\x00b",)})
    assert (entry.text("CN"), entry.texts("cn"), entry.text("n"), entry.raw("none")) == ("", ["ok"], "", b"")
