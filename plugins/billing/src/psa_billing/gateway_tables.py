"""Payment gateways: their credentials, attempts to be paid, the events that were taken."""

from psa_sdk.tables import (
    Boolean,
    Choice,
    Decimal,
    Index,
    Json,
    Ref,
    Sealed,
    TenantTable,
    Text,
)


class GatewayConfig(TenantTable, schema="billing", tablename="gateway_config"):
    """A payment gateway's credentials, sealed."""

    provider = Text()
    is_active = Boolean(default=False)
    is_test_mode = Boolean(default=True)
    config = Sealed()
    fields = Json(default=[], help_text="Which credentials are set")

    exported = False
    index_on = (Index(("provider",), unique=True),)


class Attempt(TenantTable, schema="billing", tablename="attempt"):
    """An attempt to be paid through a gateway; its id is the idempotency key there."""

    provider = Text()
    reference = Text(null=True)
    company = Ref("companies")
    invoices = Json(help_text="Ids, oldest due first")
    amount = Decimal()
    currency = Text()
    state = Choice("pending", "processing", "succeeded", "failed", default="pending")
    failure = Text(default="")
    is_hard = Boolean(default=False)
    automatic = Boolean(default=False)
    redirect = Text(default="")
    payment = Ref("payments", null=True)

    company_key = ""
    index_on = (
        Index(("provider", "reference"), unique=True, where="reference IS NOT NULL"),
        Index(("company", "created_at")),
        Index(("payment",), where="payment IS NOT NULL"),
    )


class GatewayEvent(TenantTable, schema="billing", tablename="gateway_event"):
    """A webhook's event that was taken, so that it is taken once (BILL-32)."""

    provider = Text()
    event = Text()

    exported = False
    index_on = (Index(("provider", "event"), unique=True),)


ALL = (GatewayConfig, Attempt, GatewayEvent)
