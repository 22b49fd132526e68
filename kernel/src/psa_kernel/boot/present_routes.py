"""Routes that follow from what is installed and configured, rather than from one plugin's manifest."""

import msgspec

from psa_kernel.config import Config
from psa_kernel.registry import Registry


def with_present_routes(registry: Registry, config: Config) -> Registry:
    """Give every resource its activity and uploads, and leave the operator's routes out where there is one tenant."""
    from psa_kernel.builtin.audit.activity import activity_routes
    from psa_kernel.builtin.files.routes import attachment_routes
    from psa_kernel.builtin.tenancy.routes import ALL as OPERATOR_ROUTES

    routes = registry.routes
    if "files" in registry.plugins:
        routes += attachment_routes(registry)
    if "audit" in registry.plugins:
        routes += activity_routes(registry)
    if not config.multi_tenant:
        routes = tuple((name, route) for name, route in routes if route not in OPERATOR_ROUTES)
    return msgspec.structs.replace(registry, routes=routes)
