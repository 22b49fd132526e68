"""The portal's table of contents: the clients' shell, their company and its people."""

from psa_portal import api, pages, routes
from psa_portal.settings import PortalSettings
from psa_sdk import Manifest, Permission, hookimpl

PERMISSIONS = (
    Permission(name=pages.COMPANY, title="See one's own company", audience="portal"),
    Permission(name=pages.PEOPLE, title="Manage the company's people", audience="portal"),
    Permission(name=routes.INVOICES, title="See the company's invoices", audience="portal"),
    Permission(name=routes.PAY, title="Pay the company's invoices", audience="portal"),
    Permission(name=routes.ASSETS, title="See the company's assets", audience="portal"),
    Permission(name=routes.ARTICLES, title="Read articles", audience="portal"),
)
USER = (pages.COMPANY, routes.ASSETS, routes.ARTICLES)


@hookimpl
def psa_manifest() -> Manifest:
    """Return the table of contents."""
    return Manifest(
        name="portal",
        title="Client portal",
        description="The web pages that clients work in.",
        requires=("web", "contacts"),
        routes=routes.ALL,
        permissions=PERMISSIONS,
        roles={
            "client_admin": (*USER, pages.PEOPLE, routes.INVOICES, routes.PAY),
            "client_user": USER,
        },
        events=api.EVENTS,
        settings=PortalSettings,
        ui=pages.UI,
    )
