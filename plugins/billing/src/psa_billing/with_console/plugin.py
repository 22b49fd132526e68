"""The bridge between billing and the console."""

from psa_billing.gateway_configs import MANAGE
from psa_billing.with_console import gateways, notices
from psa_sdk import Manifest, hookimpl
from psa_sdk.ui import Action, Page, SettingsSection, Ui

AT = "/settings/payment-gateways"

UI = Ui(
    pages=(
        Page(
            path=AT,
            template="billing.console/gateways.html",
            permission=MANAGE,
            load=gateways.load,
            title="Payment gateways",
            active="settings",
        ),
    ),
    actions=(
        Action(path=f"{AT}/{{provider:str}}", permission=MANAGE, handle=gateways.store),
        Action(path=f"{AT}/{{provider:str}}/test", permission=MANAGE, handle=gateways.test),
    ),
    settings=(
        SettingsSection(
            id=gateways.SECTION,
            title="Payment gateways",
            url=AT,
            permission=MANAGE,
            group="finance",
            icon="credit-card",
            keywords="stripe card ach payment",
        ),
    ),
)


@hookimpl
def psa_manifest() -> Manifest:
    """Return the table of contents."""
    return Manifest(
        name="billing.console",
        title="Billing in the console",
        description="Payment gateways among the settings; payments in doubt at the bell.",
        requires=("billing", "console", "web"),
        subscribers=notices.SUBSCRIBERS,
        ui=UI,
    )
