"""Assertions: the provider's own, for us, for this request, now; nothing wrapped, moved, cut or borrowed (S14)."""

import copy
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from signxml.algorithms import SignatureMethod
from signxml.exceptions import SignXMLException
from signxml.signer import XMLSigner
from signxml.verifier import XMLVerifier

from psa_sdk.admission import Refused
from psa_sso_saml.assertions import Expected, read_response
from psa_sso_saml.idp_metadata import read_idp_metadata
from psa_sso_saml.messages import authn_request, signed_redirect
from psa_sso_saml.reading import MOST_BYTES, NAMES

from .idp import (
    CERTIFICATE,
    ENTITY,
    KEY,
    MINUTE,
    NOW,
    OTHER_CERTIFICATE,
    OTHER_KEY,
    OUR_KEY,
    PEM,
    SSO,
    Saying,
    assertion_of,
    encrypted,
    metadata,
    response,
    sign,
    signed,
)

ACS, ENTITY_OURS = "https://psa.example.com/acs", "https://psa.example.com/metadata"
EXPECTED = Expected(
    idp=ENTITY, audience=ENTITY_OURS, acs=ACS, certificates=[CERTIFICATE], keys=[OUR_KEY], now=NOW
)
SAID = Saying(acs=ACS, audience=ENTITY_OURS)
EVIL = "boss@example.com"


def said(**changes: Any) -> Any:
    return response(msgspec.structs.replace(SAID, **changes))


def refused(content: Any) -> str:
    with pytest.raises(Refused) as problem:
        read_response(content if isinstance(content, bytes) else etree.tostring(content), EXPECTED)
    return problem.value.reason


@pytest.mark.parametrize(
    "root",
    [
        signed(said()),
        signed(said(), method=SignatureMethod.RSA_SHA512),
        signed(said(), method=SignatureMethod.SHA256_RSA_MGF1),
        signed(said(now=NOW - 5 * MINUTE)),
        signed(said(now=NOW + MINUTE)),
        encrypted(signed(said())),
        sign(signed(said())),
    ],
)
def test_the_providers_own_assertion_is_believed(root):
    facts = read_response(etree.tostring(root), EXPECTED)
    assert (facts.subject, facts.in_response_to) == ("ann@example.com", "_request")
    assert facts.attributes == {"groups": ("Helpdesk",), "displayName": ("Ann Example",)}
    assert facts.expires_at <= NOW + 8 * MINUTE


def test_a_certificate_that_is_about_to_be_changed_is_one_of_two():
    both = msgspec.structs.replace(EXPECTED, certificates=[OTHER_CERTIFICATE, CERTIFICATE])
    assert read_response(etree.tostring(signed(said())), both).subject == "ann@example.com"


@pytest.mark.parametrize(
    ("reason", "root"),
    [
        ("unsigned", said()),
        ("unsigned", sign(said())),
        ("signature_refused", signed(said(), OTHER_KEY, OTHER_CERTIFICATE)),
        ("signature_refused", signed(said(), OTHER_KEY, CERTIFICATE)),
        ("wrong_audience", signed(said(audience="https://another.example.com/metadata"))),
        ("wrong_recipient", signed(said(recipient="https://another.example.com/acs"))),
        ("wrong_destination", signed(said(destination="https://another.example.com/acs"))),
        ("wrong_issuer", signed(said(issuer="https://evil.example/metadata"))),
        ("unsolicited", signed(said(request=None))),
        ("expired", signed(said(now=NOW - 6 * MINUTE))),
        ("not_yet_good", signed(said(begins=2 * MINUTE))),
        ("denied", signed(said(status="urn:oasis:names:tc:SAML:2.0:status:Responder"))),
        ("no_subject", signed(said(subject=""))),
        ("decryption_refused", encrypted(signed(said()), OTHER_KEY.public_key())),
        ("decryption_refused", encrypted(signed(said()), content="aes256-cbc")),
        ("decryption_refused", encrypted(signed(said()), cipher="rsa-1_5")),
        ("unsigned", encrypted(said())),
    ],
)
def test_whatever_else_is_brought_is_refused(reason, root):
    assert refused(root) == reason


def altered(change: Any) -> Any:
    root = signed(said())
    change(root)
    return root


def test_one_changed_text_or_a_weak_signature_is_refused():
    def other(root: Any) -> None:
        root.find(".//saml:NameID", NAMES).text = EVIL

    assert refused(altered(other)) == "signature_refused"
    weak = said()

    class Weak(XMLSigner):
        def check_deprecated_methods(self) -> None:
            """Sign like a provider of former times."""

    plain = assertion_of(weak)
    signer = Weak(
        signature_algorithm="rsa-sha1",
        digest_algorithm="sha1",
        c14n_algorithm="http://www.w3.org/2001/10/xml-exc-c14n#",
    )
    weak.replace(plain, signer.sign(plain, key=KEY, cert=PEM, reference_uri="_assertion", id_attribute="ID"))
    assert refused(weak) == "signature_refused"


def forged(root: Any, identifier: str = "_evil") -> Any:
    """Return a copy of an assertion that says somebody else, without a signature."""
    made = copy.deepcopy(assertion_of(root))
    made.set("ID", identifier)
    made.find(".//saml:NameID", NAMES).text = EVIL
    for signature in made.findall("ds:Signature", NAMES):
        made.remove(signature)
    return made


def wrapped(number: int, identifier: str = "_evil") -> Any:
    """Return one of the eight wrappings of Somorovsky et al., On Breaking SAML (2012)."""
    root = sign(signed(said())) if number <= 2 else signed(said())
    original = assertion_of(root)
    evil = forged(root, identifier)
    if number in {1, 2}:
        # The signed response moves into or beside its own signature, an evil one takes its place.
        inner, signature = copy.deepcopy(root), root.find("ds:Signature", NAMES)
        inner.remove(inner.find("ds:Signature", NAMES))
        root.replace(original, evil)
        root.set("ID", "_evil_response")
        if number == 1:
            signature.append(inner)
        else:
            root.insert(root.index(signature), inner)
    elif number == 3:
        root.insert(root.index(original), evil)
    elif number == 4:
        root.replace(original, evil)
        evil.append(original)
    elif number == 5:
        signature = original.find("ds:Signature", NAMES)
        original.remove(signature)
        evil.insert(1, signature)
        root.replace(original, evil)
        root.append(original)
    elif number == 6:
        signature = original.find("ds:Signature", NAMES)
        original.remove(signature)
        evil.insert(1, signature)
        signature.append(original)
        root.append(evil)
    elif number == 7:
        extensions = etree.SubElement(root, f"{{{NAMES['samlp']}}}Extensions")
        extensions.append(evil)
    else:
        signature = original.find("ds:Signature", NAMES)
        original.remove(signature)
        evil.insert(1, signature)
        box = etree.SubElement(signature, f"{{{NAMES['ds']}}}Object")
        box.append(original)
        root.append(evil)
    return root


@pytest.mark.parametrize("identifier", ["_evil", "_assertion"])
@pytest.mark.parametrize("number", range(1, 9))
def test_no_wrapping_of_a_signature_lets_anybody_else_in(number, identifier):
    assert refused(wrapped(number, identifier)) in {"message_malformed", "signature_refused", "unsigned"}


def test_a_careless_reader_would_be_deceived():
    """The negative control: the signatures of most wrappings hold, while somebody else stands in the document."""
    deceived: list[int] = []
    for number in range(1, 9):
        root = wrapped(number)
        assert EVIL in [one.text for one in root.iter(f"{{{NAMES['saml']}}}NameID")]
        with suppress(SignXMLException):
            XMLVerifier().verify(
                etree.tostring(root), x509_cert=CERTIFICATE, id_attribute="ID", validate_schema=False
            )
            deceived.append(number)
    assert len(deceived) >= 4, deceived


def test_a_comment_in_a_name_cuts_nothing_off():
    root = signed(said(subject="boss@example.com.evil.example"))
    text = etree.tostring(root).replace(b"boss@example.com.evil", b"boss@example.com<!-- -->.evil")
    assert refused(text) == "message_malformed"
    assert (
        refused(etree.tostring(root).replace(b"boss@example.com.evil", b"boss@example.com<?x?>.evil"))
        == "message_malformed"
    )


def test_no_document_expands_fetches_or_grows():
    plain = etree.tostring(signed(said())).decode()
    bombs = (
        '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">',
        '<!doctype x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>',
    )
    for bomb in bombs:
        assert refused((bomb + plain).encode()) == "doctype"
    assert refused((bombs[0] + plain).encode("utf-16")) == "doctype"
    assert refused(plain.replace("ann@example.com", "&x;").encode()) == "message_malformed"
    assert refused(b"<a>" * 5000) == "message_malformed"
    assert refused(b" " * (MOST_BYTES + 1)) == "message_too_large"
    doubled = signed(said())
    assertion_of(doubled).find(".//saml:Conditions", NAMES).set("ID", "_assertion")
    assert refused(doubled) == "message_malformed"


GOOD = etree.tostring(signed(said()))


@given(at=st.integers(0, len(GOOD) - 1), by=st.sampled_from(b"A<>&\"'/ 0="))
def test_a_message_with_one_other_byte_is_refused_or_says_the_same(at, by):
    changed = GOOD[:at] + bytes([by]) + GOOD[at + 1 :]
    try:
        facts = read_response(changed, EXPECTED)
    except Refused:
        return
    assert facts == read_response(GOOD, EXPECTED)


def test_requests_and_metadata_say_what_providers_read():
    request = authn_request(id="_1", issuer=ENTITY_OURS, destination=SSO, acs=ACS, now=NOW)
    url = signed_redirect(request, SSO, "", OUR_KEY)
    assert url.startswith("https://idp.example.com/sso?tenant=1&SAMLRequest=")
    assert "&SigAlg=http%3A%2F%2Fwww.w3.org%2F2001%2F04%2Fxmldsig-more%23rsa-sha256&Signature=" in url
    found = read_idp_metadata(metadata().encode())
    assert (found.entity_id, found.sso_url, found.certificates) == (ENTITY, SSO, PEM)
    for broken in (
        "",
        "<x/>",
        metadata().replace("IDPSSO", "SPSSO"),
        metadata().replace("HTTP-Redirect", "SOAP"),
    ):
        with pytest.raises(Refused):
            read_idp_metadata(broken.encode())
