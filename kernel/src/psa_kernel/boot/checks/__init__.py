"""Checks of the assembled registry: each yields sentences that name the plugin, the thing and the remedy."""

from collections.abc import Callable, Iterator

from psa_kernel.boot.checks.behaviour import behaviour
from psa_kernel.boot.checks.claims import claims
from psa_kernel.boot.checks.extensions import extensions
from psa_kernel.boot.checks.permissions import permissions
from psa_kernel.boot.checks.resources import resources
from psa_kernel.boot.checks.routes import routes
from psa_kernel.boot.checks.tables import tables
from psa_kernel.registry import Registry

CHECKS: tuple[Callable[[Registry], Iterator[str]], ...] = (
    claims,
    tables,
    resources,
    extensions,
    permissions,
    routes,
    behaviour,
)


def check(registry: Registry) -> list[str]:
    """Return every problem of every check."""
    return [problem for find in CHECKS for problem in find(registry)]
