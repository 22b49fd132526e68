"""Tenants: who they are, their life from provisioning to deletion, their usage and their export."""

from typing import Final
from uuid import UUID

SINGLE_TENANT: Final = UUID("00000000-0000-7000-8000-000000000001")
"""The only tenant of a single-tenant installation; the operator's own one where there are several."""
