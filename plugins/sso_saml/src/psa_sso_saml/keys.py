"""Our own key for a provider: signs requests, opens what is encrypted for us."""

import asyncio
import base64
import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

_LASTS = datetime.timedelta(days=3650)


async def new_key(now: datetime.datetime) -> tuple[str, str]:
    """Return a private key as PEM, and its certificate as DER in base64; providers pin it, nobody signs it."""
    return await asyncio.to_thread(_new_key, now)


def _new_key(now: datetime.datetime) -> tuple[str, str]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "PSA single sign-on")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + _LASTS)
        .sign(key, hashes.SHA256())
    )
    text = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return text.decode(), base64.b64encode(certificate.public_bytes(serialization.Encoding.DER)).decode()


def read_key(text: str) -> rsa.RSAPrivateKey:
    """Return a private key from PEM."""
    key = serialization.load_pem_private_key(text.encode(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key
