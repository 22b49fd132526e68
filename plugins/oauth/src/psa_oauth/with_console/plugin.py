"""The table of contents of OAuth in the console."""

from psa_oauth.with_console import pages
from psa_sdk import Manifest, hookimpl


@hookimpl
def psa_manifest() -> Manifest:
    """Return the table of contents."""
    return Manifest(
        name="oauth.console",
        title="Applications in the console",
        description="Consent, devices, one's own consents, the applications of the organisation.",
        requires=("oauth", "console", "web"),
        ui=pages.UI,
    )
