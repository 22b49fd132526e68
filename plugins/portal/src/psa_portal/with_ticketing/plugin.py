"""The bridge between the portal and the service desk."""

from psa_portal.with_ticketing import demo, pages, resources, routes, tables
from psa_sdk import Manifest, Permission, hookimpl

TYPES = "portal.request_types.read"
STAFF = (TYPES, "portal.request_fields.read", "portal.request_answers.read")
CLIENT = (TYPES, pages.CLOSE)


@hookimpl
def psa_manifest() -> Manifest:
    """Return the table of contents."""
    return Manifest(
        name="portal.ticketing",
        title="Requests in the portal",
        description="Clients' requests, the forms they are made with, and their public conversation.",
        requires=("portal", "ticketing"),
        tables=tables.ALL,
        resources=resources.ALL,
        routes=routes.ALL,
        permissions=(
            Permission(name=pages.CLOSE, title="Close and reopen one's own requests", audience="portal"),
        ),
        roles={
            "manager": (
                "portal.request_types.*",
                "portal.request_fields.*",
                "portal.request_answers.read",
            ),
            "technician": STAFF,
            "dispatcher": STAFF,
            "client_admin": CLIENT,
            "client_user": CLIENT,
        },
        ui=pages.UI,
        demo=demo.fill,
    )
