"""What an identity provider says of itself: its name, where people log in, the certificates that it signs with."""

import base64
import textwrap

import msgspec
from cryptography import x509

from psa_sdk.admission import Refused
from psa_sso_saml.messages import REDIRECT
from psa_sso_saml.reading import MD, NAMES, SAMLP, parse, text_of


class Described(msgspec.Struct, frozen=True, kw_only=True):
    """An identity provider's metadata; certificates in PEM."""

    entity_id: str
    sso_url: str
    certificates: str


def read_idp_metadata(content: bytes) -> Described:
    """Return what metadata of one identity provider say (SAML metadata 2.4.3); raises `Refused`."""
    root = parse(content)
    entities = (
        [root] if root.tag == f"{{{MD}}}EntityDescriptor" else root.findall("md:EntityDescriptor", NAMES)
    )
    found = [
        (entity, role)
        for entity in entities
        for role in entity.findall("md:IDPSSODescriptor", NAMES)
        if SAMLP in role.get("protocolSupportEnumeration", "").split()
    ]
    if len(found) != 1:
        raise Refused("metadata_malformed", "they must describe one identity provider of SAML 2.0")
    entity, role = found[0]
    services = role.findall("md:SingleSignOnService", NAMES)
    urls = [one.get("Location", "") for one in services if one.get("Binding") == REDIRECT]
    if not urls:
        raise Refused("metadata_malformed", "there is no log-in over the redirect binding")
    keys = [one for one in role.findall("md:KeyDescriptor", NAMES) if one.get("use") in {None, "signing"}]
    listed = [
        text_of(one)
        for key in keys
        for one in key.findall("ds:KeyInfo/ds:X509Data/ds:X509Certificate", NAMES)
    ]
    return Described(
        entity_id=entity.get("entityID", ""),
        sso_url=urls[0],
        certificates="".join(dict.fromkeys(_pem(one) for one in listed)),
    )


def _pem(text: str) -> str:
    joined = "".join(text.split())
    try:
        x509.load_der_x509_certificate(base64.b64decode(joined, validate=True))
    except ValueError as error:
        raise Refused("metadata_malformed", "a certificate can't be read") from error
    return f"-----BEGIN CERTIFICATE-----\n{textwrap.fill(joined, 64)}\n-----END CERTIFICATE-----\n"
