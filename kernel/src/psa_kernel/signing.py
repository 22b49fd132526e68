"""Signatures in the name of a tenant, under a key that follows from the master key."""

import hmac
from typing import TYPE_CHECKING, cast

from psa_kernel.master_key import UnusableKey
from psa_sdk.context import Context

if TYPE_CHECKING:
    from psa_kernel.unit_of_work import Unit

SHORTEST = 10
"""Bytes that a shortened signature must still have."""


class TenantSigner:
    """Implements `psa_sdk.signing.Signer`."""

    def __init__(self, ctx: Context) -> None:
        """Sign for the unit's tenant."""
        unit = cast("Unit", ctx)
        self._keys = unit.kernel.keys
        self._tenant_id = unit.tenant_id

    def sign(self, purpose: str, text: str) -> bytes:
        """Return the signature of a text."""
        return self._made(purpose, text, previous=False)

    def verify(self, purpose: str, text: str, signature: bytes) -> bool:
        """Tell whether a signature, perhaps shortened, is the tenant's own."""
        if len(signature) < SHORTEST:
            return False
        if hmac.compare_digest(self.sign(purpose, text)[: len(signature)], signature):
            return True
        try:
            former = self._made(purpose, text, previous=True)
        except UnusableKey:
            return False
        return hmac.compare_digest(former[: len(signature)], signature)

    def _made(self, purpose: str, text: str, *, previous: bool) -> bytes:
        key = self._keys.derive(f"signatures {self._tenant_id} {purpose}", previous=previous)
        return hmac.digest(key, text.encode(), "sha256")
