"""An identity provider: it builds responses of its own, signs and encrypts them, and twists them as it is told."""

import base64
import datetime
import zlib
from collections.abc import Callable
from typing import Any

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.x509.oid import NameOID
from lxml import etree
from signxml.algorithms import SignatureMethod
from signxml.signer import XMLSigner

from psa_sso_saml.reading import NAMES

NOW = datetime.datetime(2026, 11, 21, 12, 0, tzinfo=datetime.UTC)
ENTITY = "https://idp.example.com/metadata"
SSO = "https://idp.example.com/sso?tenant=1"
MINUTE = datetime.timedelta(minutes=1)
Twist = Callable[[Any], Any]


def identity(name: str) -> tuple[rsa.RSAPrivateKey, x509.Certificate]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    called = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = x509.CertificateBuilder().subject_name(called).issuer_name(called).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    dated = builder.not_valid_before(NOW - datetime.timedelta(days=400)).not_valid_after(
        NOW + datetime.timedelta(days=3000)
    )
    return key, dated.sign(key, hashes.SHA256())


KEY, CERTIFICATE = identity("idp.example.com")
OTHER_KEY, OTHER_CERTIFICATE = identity("idp.example.com")
OUR_KEY, _ = identity("sp.example.com")
PEM = CERTIFICATE.public_bytes(serialization.Encoding.PEM).decode()


class Saying(msgspec.Struct, frozen=True, kw_only=True):
    """What a response says."""

    acs: str
    audience: str
    request: str | None = "_request"
    subject: str = "ann@example.com"
    name_format: str = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
    issuer: str = ENTITY
    recipient: str = ""
    destination: str = ""
    now: datetime.datetime = NOW
    identifier: str = "_assertion"
    groups: tuple[str, ...] = ("Helpdesk",)
    lasts: datetime.timedelta = 5 * MINUTE
    begins: datetime.timedelta = -MINUTE
    status: str = "urn:oasis:names:tc:SAML:2.0:status:Success"


def response(said: Saying) -> Any:
    """Return an unsigned response."""
    at, until, begins = (
        f"{said.now + by:%Y-%m-%dT%H:%M:%SZ}" for by in (0 * MINUTE, said.lasts, said.begins)
    )
    answers = f' InResponseTo="{said.request}"' if said.request else ""
    values = "".join(f"<saml:AttributeValue>{group}</saml:AttributeValue>" for group in said.groups)
    return etree.fromstring(
        f"""<samlp:Response xmlns:samlp="{NAMES["samlp"]}" xmlns:saml="{NAMES["saml"]}" ID="_response" Version="2.0"
 IssueInstant="{at}" Destination="{said.destination or said.acs}"{answers}><saml:Issuer>{said.issuer}</saml:Issuer>
<samlp:Status><samlp:StatusCode Value="{said.status}"/></samlp:Status>
<saml:Assertion ID="{said.identifier}" Version="2.0" IssueInstant="{at}"><saml:Issuer>{said.issuer}</saml:Issuer>
<saml:Subject><saml:NameID Format="{said.name_format}">{said.subject}</saml:NameID>
<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData{answers}
 NotOnOrAfter="{until}" Recipient="{said.recipient or said.acs}"/></saml:SubjectConfirmation></saml:Subject>
<saml:Conditions NotBefore="{begins}" NotOnOrAfter="{until}"><saml:AudienceRestriction>
<saml:Audience>{said.audience}</saml:Audience></saml:AudienceRestriction></saml:Conditions>
<saml:AuthnStatement AuthnInstant="{at}"><saml:AuthnContext><saml:AuthnContextClassRef>x</saml:AuthnContextClassRef>
</saml:AuthnContext></saml:AuthnStatement><saml:AttributeStatement><saml:Attribute Name="groups">{values}</saml:Attribute>
<saml:Attribute Name="displayName"><saml:AttributeValue>Ann Example</saml:AttributeValue></saml:Attribute>
</saml:AttributeStatement></saml:Assertion></samlp:Response>""".encode()
    )


def assertion_of(root: Any) -> Any:
    return root.find("saml:Assertion", NAMES)


def signed(
    root: Any, key: Any = KEY, certificate: Any = CERTIFICATE, method: Any = SignatureMethod.RSA_SHA256
) -> Any:
    """Return a response whose assertion is signed."""
    plain = assertion_of(root)
    where = root.index(plain)
    root.remove(plain)
    root.insert(where, sign(plain, key, certificate, method))
    return root


def sign(
    element: Any, key: Any = KEY, certificate: Any = CERTIFICATE, method: Any = SignatureMethod.RSA_SHA256
) -> Any:
    pem = certificate.public_bytes(serialization.Encoding.PEM).decode()
    signer = XMLSigner(signature_algorithm=method, c14n_algorithm="http://www.w3.org/2001/10/xml-exc-c14n#")
    made = signer.sign(element, key=key, cert=pem, reference_uri=element.get("ID"), id_attribute="ID")
    # SAML wants the signature behind the issuer.
    signature = made.find("ds:Signature", NAMES)
    made.remove(signature)
    made.insert(1, signature)
    return made


def encrypted(
    root: Any, public: Any = None, content: str = "aes256-gcm", cipher: str = "rsa-oaep-mgf1p"
) -> Any:
    """Return a response whose assertion is encrypted."""
    plain = assertion_of(root)
    secret, nonce = AESGCM.generate_key(256), b"0123456789ab"
    sealed = nonce + AESGCM(secret).encrypt(nonce, etree.tostring(plain), None)
    wrap = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)
    wrapped = (public or OUR_KEY.public_key()).encrypt(secret, wrap)
    text = (base64.b64encode(one).decode() for one in (wrapped, sealed))
    box = etree.fromstring(
        """<saml:EncryptedAssertion xmlns:saml="{saml}"><xenc:EncryptedData xmlns:xenc="{xenc}"
 Type="http://www.w3.org/2001/04/xmlenc#Element"><xenc:EncryptionMethod Algorithm="{content}"/>
<ds:KeyInfo xmlns:ds="{ds}"><xenc:EncryptedKey><xenc:EncryptionMethod Algorithm="{xenc}{cipher}"/>
<xenc:CipherData><xenc:CipherValue>{}</xenc:CipherValue></xenc:CipherData></xenc:EncryptedKey></ds:KeyInfo>
<xenc:CipherData><xenc:CipherValue>{}</xenc:CipherValue></xenc:CipherData></xenc:EncryptedData>
</saml:EncryptedAssertion>""".format(
            *text, content=f"http://www.w3.org/2009/xmlenc11#{content}", cipher=cipher, **NAMES
        )
    )
    root.replace(plain, box)
    return root


def inflated(text: str) -> bytes:
    """Return what came by the redirect binding (SAML bindings 3.4.4.1)."""
    return zlib.decompress(base64.b64decode(text), -15)


def posted(root: Any) -> str:
    """Return a response as a browser posts it."""
    return base64.b64encode(etree.tostring(root)).decode()


def metadata() -> str:
    der = base64.b64encode(CERTIFICATE.public_bytes(serialization.Encoding.DER)).decode()
    return f"""<md:EntityDescriptor xmlns:md="{NAMES["md"]}" entityID="{ENTITY}"><md:IDPSSODescriptor
 protocolSupportEnumeration="{NAMES["samlp"]}"><md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="{NAMES["ds"]}">
<ds:X509Data><ds:X509Certificate>{der}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>
<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="{SSO.replace("&", "&amp;")}"/>
</md:IDPSSODescriptor></md:EntityDescriptor>"""
