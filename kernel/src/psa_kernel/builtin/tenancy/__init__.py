"""Tenants: who they are, their life from provisioning to deletion, their usage and their export."""

from psa_kernel.database.platform import SINGLE_TENANT

__all__ = ["SINGLE_TENANT"]
