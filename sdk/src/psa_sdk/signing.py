"""Signatures of the installation: short proofs that it said something itself. Provided by the platform."""

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
