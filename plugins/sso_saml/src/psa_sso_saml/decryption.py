"""Encrypted assertions (XML Encryption 1.1): a key under RSA-OAEP, the content under AES-GCM, and nothing older.

CBC and RSA 1.5 are refused: whoever may send us changed ciphertexts could read assertions by how we answer.
"""

import base64
from collections.abc import Sequence
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from psa_sdk.admission import Refused
from psa_sso_saml.reading import DS, NAMES, SAML, XENC, Element, parse, text_of

XENC11: Final = "http://www.w3.org/2009/xmlenc11#"
_NAMES: Final = {**NAMES, "xenc11": XENC11}
_SIZES: Final = {f"{XENC11}aes128-gcm": 16, f"{XENC11}aes192-gcm": 24, f"{XENC11}aes256-gcm": 32}
_DIGESTS: Final = {
    "": hashes.SHA1,
    f"{DS}sha1": hashes.SHA1,
    f"{XENC}sha256": hashes.SHA256,
    f"{XENC}sha512": hashes.SHA512,
}
_MASKS: Final = {
    "": hashes.SHA1,
    f"{XENC11}mgf1sha1": hashes.SHA1,
    f"{XENC11}mgf1sha256": hashes.SHA256,
    f"{XENC11}mgf1sha512": hashes.SHA512,
}
_IV: Final = 12


def decrypted(encrypted: Element, keys: Sequence[rsa.RSAPrivateKey]) -> Element:
    """Return the assertion within an `EncryptedAssertion`; raises `Refused`, alike for all that is wrong inside."""
    data = encrypted.findall("xenc:EncryptedData", NAMES)
    if len(data) != 1:
        raise Refused("decryption_refused", "several or no contents")
    size = _SIZES.get(_algorithm(data[0].find("xenc:EncryptionMethod", NAMES)))
    carried = [
        *data[0].findall("ds:KeyInfo/xenc:EncryptedKey", NAMES),
        *encrypted.findall("xenc:EncryptedKey", NAMES),
    ]
    if size is None or not 1 <= len(carried) <= 5:
        raise Refused("decryption_refused", "only AES-GCM under RSA-OAEP is taken")
    content = _content(data[0])
    for secret in (_unwrapped(one, key) for one in carried for key in keys):
        if secret is None or len(secret) != size:
            continue
        try:
            plain = AESGCM(secret).decrypt(content[:_IV], content[_IV:], None)
        except (InvalidTag, ValueError):
            continue
        root = parse(plain)
        if root.tag != f"{{{SAML}}}Assertion":
            break
        return root
    raise Refused("decryption_refused")


def _unwrapped(carried: Element, key: rsa.RSAPrivateKey) -> bytes | None:
    method = carried.find("xenc:EncryptionMethod", NAMES)
    if _algorithm(method) not in {f"{XENC}rsa-oaep-mgf1p", f"{XENC11}rsa-oaep"} or method is None:
        return None
    digest = _DIGESTS.get(_algorithm(method.find("ds:DigestMethod", NAMES)))
    mask = _MASKS.get(_algorithm(method.find("xenc11:MGF", _NAMES)))
    if digest is None or mask is None or method.find("xenc:OAEPparams", NAMES) is not None:
        return None
    try:
        return key.decrypt(_content(carried), padding.OAEP(padding.MGF1(mask()), digest(), None))
    except ValueError:
        return None


def _algorithm(element: Element | None) -> str:
    return element.get("Algorithm", "") if element is not None else ""


def _content(element: Element) -> bytes:
    value = element.find("xenc:CipherData/xenc:CipherValue", NAMES)
    try:
        return base64.b64decode("".join(text_of(value).split()), validate=True)
    except ValueError as error:
        raise Refused("decryption_refused") from error
