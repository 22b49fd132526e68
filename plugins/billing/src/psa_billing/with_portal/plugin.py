"""The bridge between billing and the clients' portal."""

from psa_billing.with_portal import invoices
from psa_portal.api import SHELL, ClientInvoices
from psa_sdk import Manifest, hookimpl, provide
from psa_sdk.ui import Action, NavItem, Page, Ui, Widget

READ, PAY = "portal.invoices.read", "portal.invoices.pay"
AT, METHODS = "/invoices/{id:uuid}", "/payment-methods"

UI = Ui(
    nav=(
        NavItem(
            id="portal.invoices",
            label="Invoices",
            url="/invoices",
            permission=READ,
            icon="receipt-text",
            order=40,
            shell=SHELL,
        ),
    ),
    pages=(
        Page(
            path="/invoices",
            template="billing.portal/list.html",
            permission=READ,
            load=invoices.listed,
            title="Invoices",
            active="portal.invoices",
            shell=SHELL,
        ),
        Page(
            path=AT,
            template="billing.portal/invoice.html",
            permission=READ,
            load=invoices.shown,
            title="Invoice",
            active="portal.invoices",
            shell=SHELL,
        ),
        Page(
            path=METHODS,
            template="billing.portal/methods.html",
            permission=PAY,
            load=invoices.methods,
            title="Cards and accounts",
            active="portal.invoices",
            shell=SHELL,
        ),
        Page(
            path=f"{AT}/pdf",
            template="billing.portal/invoice.html",
            permission=READ,
            load=invoices.pdf,
            shell=SHELL,
        ),
    ),
    actions=(
        Action(path=f"{AT}/pay/{{provider:str}}", permission=PAY, handle=invoices.pay, shell=SHELL),
        Action(path=METHODS, permission=PAY, handle=invoices.save_method, shell=SHELL),
        Action(
            path=f"{METHODS}/{{id:uuid}}/autopay/{{on:str}}",
            permission=PAY,
            handle=invoices.autopay,
            shell=SHELL,
        ),
        Action(path=f"{METHODS}/{{id:uuid}}/remove", permission=PAY, handle=invoices.remove, shell=SHELL),
    ),
    widgets=(
        Widget(
            id="portal.open-invoices",
            title="Open invoices",
            template="billing.portal/tile.html",
            load=invoices.tile,
            permission=READ,
            icon="receipt-text",
            shell=SHELL,
        ),
    ),
    styles=("portal-invoices.css",),
)


@hookimpl
def psa_manifest() -> Manifest:
    """Return the table of contents."""
    return Manifest(
        name="billing.portal",
        title="Invoices in the portal",
        description="Clients' administrators see what was finalised for them, its documents, and pay.",
        requires=("billing", "portal"),
        services=(provide(ClientInvoices, invoices.StoredClientInvoices),),
        ui=UI,
    )
