"""What the bridge stores: a ticket's contract."""

from psa_sdk.tables import Index, Ref, TenantTable


class TicketContract(TenantTable, schema="contracts", tablename="ticket_contract"):
    """The contract that a ticket falls under: chosen when it is opened, changed by hand."""

    ticket = Ref("tickets", on_delete="cascade")
    contract = Ref("contracts", null=True, on_delete="set_null")

    index_on = (Index(("ticket",), unique=True), Index(("contract",), where="contract IS NOT NULL"))
