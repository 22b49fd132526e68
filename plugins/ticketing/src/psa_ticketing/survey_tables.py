"""What surveys store."""

from psa_sdk.tables import Choice, Index, Instant, Integer, Ref, TenantTable, Text


class Survey(TenantTable, schema="ticketing", tablename="survey"):
    """How a client found the help, asked once for each closing of a ticket; who helped is kept as it was then."""

    ticket = Ref("tickets", on_delete="cascade")
    closing = Integer(default=0, help_text="How often the ticket had been reopened when it was closed")
    company = Ref("companies", null=True)
    contact = Ref("contacts", null=True, on_delete="set_null")
    assigned_to = Ref("users", null=True, on_delete="set_null")
    queue = Ref("ticket-queues", null=True, on_delete="set_null")
    expires_at = Instant()
    rating = Integer(null=True, help_text="1 to 5")
    comment = Text(default="")
    rated_at = Instant(null=True)
    rated_through = Choice("link", "portal", null=True)
    changes = Integer(default=0)

    index_on = (
        Index(("ticket", "closing"), unique=True),
        Index(("company", "created_at")),
        Index(("contact", "created_at"), where="contact IS NOT NULL"),
    )
    checks = ("rating BETWEEN 1 AND 5", "(rating IS NULL) = (rated_at IS NULL)")
