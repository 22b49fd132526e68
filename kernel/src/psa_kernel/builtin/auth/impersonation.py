"""Impersonation: seeing what somebody sees, as oneself (AUTH-53). What it allows is pure.

Never more than either of the two holds, nothing that changes credentials or rights, nothing sensitive, for half an
hour; it ends with the impersonator's own session, account or permission.
"""

import datetime
from typing import Final

from psa_kernel.access import Grants
from psa_kernel.registry import Registry

PERMISSION: Final = "auth.users.impersonate"
LASTS: Final = datetime.timedelta(minutes=30)
_CREDENTIALS: Final = (
    "!auth.users.create",
    "!auth.users.update",
    "!auth.users.delete",
    "!auth.users.impersonate",
    "!auth.roles.create",
    "!auth.roles.update",
    "!auth.roles.delete",
    "!auth.api_keys.*",
    "!settings.sections.update",
)


def limit(registry: Registry, impersonator: Grants) -> Grants:
    """Return what narrows the rights of the impersonated: the impersonator's own, without what is sensitive."""
    sensitive = (f"!{name}" for name, permission in registry.permissions.items() if permission.sensitive)
    return Grants((*impersonator.texts, *_CREDENTIALS, *sensitive))


def label(name: str, impersonator: str) -> str:
    """Return both names, as audit entries and pages tell them.

    Example:
        >>> label("Tom Tech", "Ada Admin")
        'Tom Tech (by Ada Admin)'
    """
    return f"{name} (by {impersonator})"
