"""Payment gateways: credentials, customers, saved methods, attempts to be paid or to refund, events taken."""

from psa_sdk.tables import (
    Boolean,
    Choice,
    Date,
    Decimal,
    Index,
    Instant,
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
    """An attempt to be paid through a gateway; its id is the idempotency key there.

    A `page` waits for the payer, a `charge` for the gateway's answer; without a reference that hasn't come.
    """

    provider = Text()
    kind = Choice("page", "charge", default="page")
    reference = Text(null=True)
    company = Ref("companies")
    invoices = Json(help_text="Ids, oldest due first")
    amount = Decimal()
    currency = Text()
    state = Choice("pending", "processing", "succeeded", "failed", default="pending")
    failure = Text(default="")
    is_hard = Boolean(default=False)
    automatic = Boolean(default=False)
    day = Date(null=True, help_text="The local day of an automatic one")
    saved_method = Text(default="")
    redirect = Text(default="")
    expires_at = Instant(null=True)
    payment = Ref("payments", null=True)

    company_key = ""
    index_on = (
        Index(("provider", "reference"), unique=True, where="reference IS NOT NULL"),
        Index(("company", "created_at")),
        Index(("payment",), where="payment IS NOT NULL"),
        Index(("updated_at",), where="state IN ('pending', 'processing')"),
    )


class GatewayCustomer(TenantTable, schema="billing", tablename="gateway_customer"):
    """What a gateway calls a company; one for each."""

    provider = Text()
    company = Ref("companies", on_delete="cascade")
    reference = Text()

    company_key = ""
    index_on = (
        Index(("provider", "company"), unique=True),
        Index(("provider", "reference"), unique=True),
        Index(("company",)),
    )


class SavedMethod(TenantTable, schema="billing", tablename="saved_method"):
    """A card or account that a gateway keeps for a company; one of them may be charged by itself (BILL-37)."""

    provider = Text()
    company = Ref("companies", on_delete="cascade")
    reference = Text()
    kind = Choice("card", "bank", default="card")
    label = Text()
    expires_on = Date(null=True)
    is_autopay = Boolean(default=False)
    failure = Text(default="", help_text="Why it was refused for good")

    index_on = (
        Index(("provider", "reference"), unique=True),
        Index(("company",), unique=True, where="is_autopay"),
        Index(("company", "created_at")),
    )


class GatewayRefund(TenantTable, schema="billing", tablename="gateway_refund"):
    """An order to a gateway to give money back; its id is the idempotency key there.

    `pending` until the gateway answers; `accepted` where it may still fail.
    """

    payment = Ref("payments")
    amount = Decimal()
    state = Choice("pending", "accepted", "done", "failed", default="pending")
    reference = Text(null=True)
    failure = Text(default="")

    index_on = (Index(("payment",)), Index(("updated_at",), where="state IN ('pending', 'accepted')"))
    checks = ("amount > 0",)


class GatewayEvent(TenantTable, schema="billing", tablename="gateway_event"):
    """A webhook's event that was taken, so that it is taken once (BILL-32)."""

    provider = Text()
    event = Text()

    exported = False
    index_on = (Index(("provider", "event"), unique=True),)


ALL = (GatewayConfig, Attempt, GatewayCustomer, SavedMethod, GatewayRefund, GatewayEvent)
