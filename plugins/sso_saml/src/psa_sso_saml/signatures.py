"""Signatures: exactly one on the assertion, by a pinned certificate; what is read afterwards is what was signed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]
from signxml.algorithms import DigestAlgorithm, SignatureMethod
from signxml.exceptions import SignXMLException
from signxml.verifier import SignatureConfiguration, XMLVerifier

from psa_sdk.admission import Refused
from psa_sso_saml.reading import DS, NAMES, SAML, Element, parser

SIGNATURES: Final = frozenset(
    (
        SignatureMethod.RSA_SHA256,
        SignatureMethod.RSA_SHA384,
        SignatureMethod.RSA_SHA512,
        SignatureMethod.SHA256_RSA_MGF1,
        SignatureMethod.SHA384_RSA_MGF1,
        SignatureMethod.SHA512_RSA_MGF1,
        SignatureMethod.ECDSA_SHA256,
        SignatureMethod.ECDSA_SHA384,
        SignatureMethod.ECDSA_SHA512,
    )
)
DIGESTS: Final = frozenset((DigestAlgorithm.SHA256, DigestAlgorithm.SHA384, DigestAlgorithm.SHA512))
TRANSFORMS: Final = (
    [f"{DS}enveloped-signature"],
    [f"{DS}enveloped-signature", "http://www.w3.org/2001/10/xml-exc-c14n#"],
    [f"{DS}enveloped-signature", "http://www.w3.org/2006/12/xml-c14n11"],
)


def certificates(pem: str) -> list[x509.Certificate]:
    """Return the certificates of a text in PEM; raises `ValueError`."""
    return x509.load_pem_x509_certificates(pem.encode())


def signed_assertion(assertion: Element, pinned: Sequence[x509.Certificate], now: datetime) -> Element:
    """Return what an assertion's own signature covers, parsed anew from the signed bytes.

    Nothing else of the document is ever read for facts about a person, so that it doesn't matter where an attacker
    moves the signed part (signature wrapping). Raises `Refused`.
    """
    identifier = assertion.get("ID", "")
    _require_shape(assertion, identifier)
    content = etree.tostring(assertion)
    trouble = ""
    for certificate in pinned:
        try:
            return _verified(content, certificate, identifier, now)
        except (SignXMLException, etree.LxmlError, UnsupportedAlgorithm, ValueError, TypeError) as error:
            # Whatever makes a signature unreadable makes it no signature.
            trouble = f"{type(error).__name__} {error}"[:200]
    raise Refused("signature_refused", trouble)


def _require_shape(assertion: Element, identifier: str) -> None:
    """Refuse signatures that are elsewhere, cover something else or transform it (SAML core 5.4)."""
    own = assertion.findall("ds:Signature", NAMES)
    if not own:
        raise Refused("unsigned")
    if len(own) > 1 or len(list(assertion.iter(f"{{{DS}}}Signature"))) > 1:
        raise Refused("signature_refused", "several signatures")
    references = own[0].findall("ds:SignedInfo/ds:Reference", NAMES)
    if not identifier or [one.get("URI") for one in references] != [f"#{identifier}"]:
        raise Refused("signature_refused", "it covers something else")
    used = [one.get("Algorithm") for one in references[0].findall("ds:Transforms/ds:Transform", NAMES)]
    if used not in TRANSFORMS or own[0].find("ds:Object", NAMES) is not None:
        raise Refused("signature_refused", "transforms or objects that SAML doesn't know")


def _verified(content: bytes, certificate: x509.Certificate, identifier: str, now: datetime) -> Element:
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey) and key.key_size < 2048:
        raise Refused("signature_refused", "the certificate's key is too short")
    if not isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
        raise Refused("signature_refused", "the certificate's key is of no use")
    result = XMLVerifier().verify(
        content,
        x509_cert=certificate,
        id_attribute="ID",
        parser=parser(),
        expect_config=SignatureConfiguration(
            location="./",
            expect_references=1,
            signature_methods=SIGNATURES,
            digest_algorithms=DIGESTS,
            # KeyInfo isn't looked at: the key is pinned.
            ignore_ambiguous_key_info=True,
            verification_time=now,
        ),
    )
    assert not isinstance(result, list)
    signed = result.signed_xml
    if signed is None or signed.tag != f"{{{SAML}}}Assertion" or signed.get("ID") != identifier:
        raise Refused("signature_refused", "it covers something else")
    return signed
