"""What time adds to tickets."""

import decimal

from psa_sdk.tables import Decimal, Index, Integer, Ref, TenantTable


class TicketHours(TenantTable, schema="time", tablename="ticket_hours"):
    """The sums of a ticket's entries; a trigger on entries keeps them in the same transaction (TIC-66), and builds them again on import."""

    ticket = Ref("tickets", on_delete="cascade")
    actual_minutes = Integer(default=0)
    billable_minutes = Integer(default=0)
    actual_hours = Decimal(digits=(10, 2), default=decimal.Decimal(0))
    billable_hours = Decimal(digits=(10, 2), default=decimal.Decimal(0))

    index_on = (Index(("ticket",), unique=True),)
    exported = False
