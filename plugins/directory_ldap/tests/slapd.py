"""A real OpenLDAP server of the test's own, and an administrator who changes what is in it."""

import contextlib
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest
from sansldap import LDAPClient
from sansldap.asn1 import ASN1Reader, ASN1Tag, ASN1Writer, TagClass, TypeTagNumber

from .certificates import Authority

BASE = "dc=example,dc=com"
ADMIN, SECRET = f"cn=keeper,{BASE}", "keeper's own"
READER, READER_SECRET = f"cn=reader,{BASE}", "only reads"
PATIENCE = 30.0
_SCHEMAS = Path("/etc/ldap/schema")
_CONF = """
include {schemas}/core.schema
include {schemas}/cosine.schema
include {schemas}/inetorgperson.schema
include {schemas}/nis.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {folder}/pid
sizelimit 500
TLSCACertificateFile {folder}/ca.pem
TLSCertificateFile {certificate}
TLSCertificateKeyFile {key}
database mdb
maxsize 67108864
suffix "{base}"
rootdn "{admin}"
rootpw "{secret}"
directory {folder}/data
index mail,cn,member,memberUid eq
limits dn.exact="{reader}" size.soft=500 size.hard=500 size.pr=200 size.prtotal=unlimited
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="{reader}" read by * none
"""
_SEED = """dn: {base}
objectClass: dcObject
objectClass: organization
o: Example
dc: example

dn: {reader}
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: reader
userPassword: {reader_secret}
"""


class Slapd:
    """A server that runs."""

    def __init__(self, plain: int, tls: int, ca: str) -> None:
        self.plain, self.tls, self.ca = plain, tls, ca
        self._number = 0

    def unit(self, name: str = "") -> str:
        """Make an organisational unit of a test's own and return its DN."""
        self._number += 1
        dn = f"ou=u{self._number}{name},{BASE}"
        self.add(dn, {"objectClass": ["organizationalUnit"]})
        return dn

    def person(self, unit: str, uid: str, password: str = "", **attributes: str) -> str:
        """Make a person and return their DN."""
        given = {"cn": uid.title(), "sn": "Example", "mail": f"{uid}@example.com", **attributes}
        values = {name: [value] for name, value in given.items() if value}
        dn = f"uid={uid},{unit}"
        secret = {"userPassword": [password]} if password else {}
        self.add(dn, {"objectClass": ["inetOrgPerson"], "uid": [uid], **values, **secret})
        return dn

    def group(self, unit: str, name: str, *members: str) -> str:
        """Make a group, or give it other members, and return its DN."""
        dn = f"cn={name},{unit}"
        with contextlib.suppress(AssertionError):
            self.delete(dn)
        self.add(dn, {"objectClass": ["groupOfNames"], "member": members or (ADMIN,)})
        return dn

    def add(self, dn: str, attributes: Mapping[str, Sequence[str]]) -> None:
        with self._operation(8) as message:
            message.write_octet_string(dn.encode())
            with message.push_sequence() as listed:
                for name, values in attributes.items():
                    _attribute(listed, name, values)

    def replace(self, dn: str, **attributes: str) -> None:
        with self._operation(6) as message:
            message.write_octet_string(dn.encode())
            with message.push_sequence() as changes:
                for name, value in attributes.items():
                    with changes.push_sequence() as change:
                        change.write_enumerated(2)
                        _attribute(change, name, [value] if value else [])

    def rename(self, dn: str, rdn: str) -> str:
        with self._operation(12) as message:
            message.write_octet_string(dn.encode())
            message.write_octet_string(rdn.encode())
            message.write_boolean(True)
        return f"{rdn},{dn.partition(',')[2]}"

    def delete(self, dn: str) -> None:
        writer = ASN1Writer()
        with writer.push_sequence() as message:
            message.write_integer(2)
            message.write_octet_string(dn.encode(), tag=ASN1Tag(TagClass.APPLICATION, 10, False))
        self._say(bytes(writer.get_data()))

    @contextlib.contextmanager
    def _operation(self, number: int) -> Iterator[ASN1Writer]:
        writer = ASN1Writer()
        with writer.push_sequence() as message:
            message.write_integer(2)
            with message.push_sequence(ASN1Tag(TagClass.APPLICATION, number, True)) as operation:
                yield operation
        self._say(bytes(writer.get_data()))

    def _say(self, request: bytes) -> None:
        client = LDAPClient()
        client.bind_simple(ADMIN, SECRET)
        with socket.create_connection(("127.0.0.1", self.plain), timeout=PATIENCE) as line:
            line.sendall(client.data_to_send())
            line.recv(4096)
            line.sendall(request)
            message = ASN1Reader(line.recv(65536)).read_sequence()
        message.read_integer()
        answer = message.read_sequence(header=message.peek_header())
        code = answer.read_octet_string(tag=ASN1Tag.universal_tag(TypeTagNumber.ENUMERATED))
        assert code == b"\x00", f"slapd answers {code!r}"


def _attribute(writer: ASN1Writer, name: str, values: Sequence[str]) -> None:
    with writer.push_sequence() as attribute:
        attribute.write_octet_string(name.encode())
        with attribute.push_set() as listed:
            for value in values:
                listed.write_octet_string(value.encode())


def program(name: str) -> str:
    """Return where a program of OpenLDAP is; skips the test where it isn't installed."""
    found = shutil.which(name, path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/lib/openldap:/usr/libexec")
    if found is None or not _SCHEMAS.is_dir():
        pytest.skip("OpenLDAP's server isn't installed here (Debian: apt-get install slapd).")
    return found


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Slapd]:
    """Start a server in a folder of its own and end it."""
    slapd = program("slapd")
    authority = Authority()
    certificate, key = authority.issue(folder)
    (folder / "ca.pem").write_text(authority.pem)
    (folder / "data").mkdir()
    known = {"base": BASE, "admin": ADMIN, "secret": SECRET, "reader": READER, "reader_secret": READER_SECRET}
    conf = _CONF.format(schemas=_SCHEMAS, folder=folder, certificate=certificate, key=key, **known)
    (folder / "slapd.conf").write_text(conf)
    (folder / "seed.ldif").write_text(_SEED.format(**known))
    arguments = ["-f", str(folder / "slapd.conf")]
    subprocess.run(
        [slapd, "-T", "add", *arguments, "-l", str(folder / "seed.ldif")], check=True, capture_output=True
    )
    ports = _free_ports(2)
    urls = f"ldap://127.0.0.1:{ports[0]}/ ldaps://127.0.0.1:{ports[1]}/"
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([slapd, *arguments, "-d", "0", "-h", urls], stdout=log, stderr=log)
    try:
        _await(process, ports, folder / "log")
        yield Slapd(*ports, authority.pem)
    finally:
        process.terminate()
        process.wait(PATIENCE)


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        held = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in held:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in held]


def _await(process: subprocess.Popen[bytes], ports: Sequence[int], log: Path) -> None:
    ends = time.monotonic() + PATIENCE
    for port in ports:
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                assert process.poll() is None, f"slapd didn't start:\n{log.read_text()[-2000:]}"
                assert time.monotonic() < ends, "slapd doesn't answer"
                time.sleep(0.02)
