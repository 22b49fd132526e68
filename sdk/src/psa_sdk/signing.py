"""Signatures of the installation: short proofs that it said something itself. Provided by the platform."""

import base64
from typing import Protocol


class Signer(Protocol):
    """Signs texts for the tenant of the unit of work; one purpose's signature is none for another."""

    def sign(self, purpose: str, text: str) -> bytes:
        """Return 32 bytes that nobody else can make (HMAC-SHA256, RFC 2104)."""
        ...

    def verify(self, purpose: str, text: str, signature: bytes) -> bool:
        """Tell in constant time whether a signature, or its first 10 bytes or more, is the tenant's own.

        Signatures from before a rotation of the master key hold while it goes on.
        """
        ...


_TOKEN_BYTES = 20


def write_token(signer: Signer, purpose: str, text: str) -> str:
    """Return `text.signature`, fit for a path; the text itself must be, and have no dot."""
    signature = base64.urlsafe_b64encode(signer.sign(purpose, text)[:_TOKEN_BYTES])
    return f"{text}.{signature.decode().rstrip('=')}"


def read_token(signer: Signer, purpose: str, token: str) -> str:
    """Return the text of a token; raises `ValueError` for one that is not the tenant's own to the last letter."""
    text, _, written = token.partition(".")
    signature = base64.b64decode(written + "=" * (-len(written) % 4), altchars=b"-_", validate=True)
    # The last letter has bits to spare: without this, several spellings of a signature would do.
    spelt = base64.urlsafe_b64encode(signature).decode().rstrip("=")
    if len(signature) != _TOKEN_BYTES or spelt != written or not signer.verify(purpose, text, signature):
        raise ValueError("This token was not made here.")
    return text
