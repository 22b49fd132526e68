"""Our own key changes while log-ins go on."""

import base64
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from lxml import etree

from psa_sso_saml.reading import NAMES

from .idp import encrypted, posted, response, signed
from .test_logins import Visitor, provider, saying


def read(certificate: str) -> Any:
    return x509.load_der_x509_certificate(base64.b64decode(certificate)).public_key()


def signed_with(url: str, certificate: str) -> bool:
    """Tell whether a request is signed with a certificate's key."""
    said, _, signature = urlsplit(url).query.partition("&")[2].rpartition("&Signature=")
    given = base64.b64decode(parse_qs(f"s={signature}")["s"][0])
    try:
        read(certificate).verify(given, said.encode(), padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True


async def test_our_key_is_followed_by_another_while_the_provider_knows_both(kit):
    way, before = await provider(kit)
    admin, clerk = await kit.admin(), await kit.staff("sso_saml.saml_providers.read")

    async def described() -> dict[str, list[str]]:
        told = await kit.anonymous().get(f"/saml-providers/{way}/metadata", headers={"Accept": "*/*"})
        found: dict[str, list[str]] = {}
        for key in etree.fromstring(told.content).iterfind(".//md:KeyDescriptor", NAMES):
            found.setdefault(key.get("use"), []).append(
                key.findtext(".//ds:X509Certificate", namespaces=NAMES)
            )
        return found

    async def log_in(certificate: str) -> tuple[str, bool]:
        """Log in with an assertion that is encrypted for one of our keys; returns our request and the outcome."""
        one = Visitor(kit, way)
        url, asked = await one.leave()
        arrived = await one.bring(posted(encrypted(signed(response(saying(kit, asked))), read(certificate))))
        return url, "refused" not in arrived and await one.come_for(arrived) == "/ui/"

    old = before["certificate"]
    assert (await admin.post(f"/saml-providers/{way}/next-key/use")).status_code == 409
    assert (await clerk.post(f"/saml-providers/{way}/next-key")).status_code == 403
    made = await admin.post(f"/saml-providers/{way}/next-key")
    assert made.status_code == 200, made.text
    new = made.json()["data"]["attributes"]["next_certificate"]
    assert (await admin.post(f"/saml-providers/{way}/next-key")).status_code == 409
    assert await described() == {"signing": [old, new], "encryption": [old, new]}
    for certificate in (old, new):
        url, let_in = await log_in(certificate)
        assert (signed_with(url, old), let_in) == (True, True)
    used = await admin.post(f"/saml-providers/{way}/next-key/use")
    assert used.status_code == 200, used.text
    told = used.json()["data"]["attributes"]
    assert (told["certificate"], told["next_certificate"]) == (new, "")
    assert await described() == {"signing": [new], "encryption": [new]}
    url, let_in = await log_in(new)
    assert (signed_with(url, new), let_in) == (True, True)
    assert not (await log_in(old))[1]
