"""What we say to identity providers: requests, signed, and metadata (SAML core 3.4.1, bindings 3.4, metadata 2.4)."""

import base64
import datetime
import itertools
from collections.abc import Sequence
from urllib.parse import quote, urlsplit, urlunsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]

from psa_sso_saml.reading import DS, MD, SAML, SAMLP, XENC, deflated

ALGORITHM = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
UNSPECIFIED = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"


def authn_request(*, id: str, issuer: str, destination: str, acs: str, now: datetime.datetime) -> bytes:
    """Return a request to log somebody in."""
    root = etree.Element(f"{{{SAMLP}}}AuthnRequest", nsmap={"samlp": SAMLP, "saml": SAML})
    for name, value in {
        "ID": id,
        "Version": "2.0",
        "IssueInstant": f"{now:%Y-%m-%dT%H:%M:%SZ}",
        "Destination": destination,
        "AssertionConsumerServiceURL": acs,
        "ProtocolBinding": POST,
    }.items():
        root.set(name, value)
    etree.SubElement(root, f"{{{SAML}}}Issuer").text = issuer
    etree.SubElement(root, f"{{{SAMLP}}}NameIDPolicy", AllowCreate="true", Format=UNSPECIFIED)
    return etree.tostring(root)


def signed_redirect(request: bytes, destination: str, relay: str, key: rsa.RSAPrivateKey) -> str:
    """Return where a browser takes a request, signed over the query as it stands (bindings 3.4.4.1)."""
    pairs = (("SAMLRequest", deflated(request)), ("RelayState", relay), ("SigAlg", ALGORITHM))
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in pairs if value)
    signature = key.sign(query.encode(), padding.PKCS1v15(), hashes.SHA256())
    query += f"&Signature={quote(base64.b64encode(signature).decode(), safe='')}"
    parts = urlsplit(destination)
    return urlunsplit(parts._replace(query="&".join(filter(None, (parts.query, query)))))


def metadata(*, entity: str, acs: str, certificates: Sequence[str]) -> bytes:
    """Return what an identity provider needs to know of us; `certificates` are DER in base64, two during a change."""
    root = etree.Element(f"{{{MD}}}EntityDescriptor", nsmap={"md": MD, "ds": DS}, entityID=entity)
    service = etree.SubElement(
        root,
        f"{{{MD}}}SPSSODescriptor",
        AuthnRequestsSigned="true",
        WantAssertionsSigned="true",
        protocolSupportEnumeration=SAMLP,
    )
    for use, certificate in itertools.product(("signing", "encryption"), certificates):
        described = etree.SubElement(service, f"{{{MD}}}KeyDescriptor", use=use)
        data = etree.SubElement(etree.SubElement(described, f"{{{DS}}}KeyInfo"), f"{{{DS}}}X509Data")
        etree.SubElement(data, f"{{{DS}}}X509Certificate").text = certificate
        if use == "encryption":
            for method in ("http://www.w3.org/2009/xmlenc11#aes256-gcm", f"{XENC}rsa-oaep-mgf1p"):
                etree.SubElement(described, f"{{{MD}}}EncryptionMethod", Algorithm=method)
    etree.SubElement(service, f"{{{MD}}}NameIDFormat").text = UNSPECIFIED
    etree.SubElement(
        service,
        f"{{{MD}}}AssertionConsumerService",
        Binding=POST,
        Location=acs,
        index="0",
        isDefault="true",
    )
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
