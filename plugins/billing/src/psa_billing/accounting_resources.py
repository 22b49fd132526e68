"""Accounts, exports to the bookkeeping and what went with them, as the API shows them."""

from psa_billing import accounting_shapes as shapes
from psa_billing.accounting_tables import AccountingEntry, AccountingExport, AccountMapping
from psa_sdk import Resource, ToMany, ToOne

mappings = Resource(
    name="account-mappings",
    title="Accounts",
    description="Which account of the bookkeeping something is booked to.",
    table=AccountMapping,
    read=shapes.AccountMappingRead,
    write=shapes.AccountMappingWrite,
    filters=(AccountMapping.kind, AccountMapping.key, AccountMapping.account),
    sorts=(AccountMapping.kind, AccountMapping.created_at),
    default_sort="kind",
    label=AccountMapping.account,
)

exports = Resource(
    name="accounting-exports",
    title="Accounting exports",
    table=AccountingExport,
    read=shapes.ExportRead,
    verbs=frozenset(("list", "get")),
    relations=(
        ToOne("exported_by", "users", AccountingExport.exported_by, writable=False),
        ToMany("entries", "accounting-entries", AccountingEntry.export),
    ),
    filters=(AccountingExport.status, AccountingExport.through),
    sorts=(AccountingExport.created_at,),
)

entries = Resource(
    name="accounting-entries",
    title="Exported documents",
    description="What was exported; look a document up by its reference before it is created in the books again.",
    table=AccountingEntry,
    read=shapes.EntryRead,
    write=shapes.EntryWrite,
    verbs=frozenset(("list", "get", "update")),
    relations=(
        ToOne("export", "accounting-exports", AccountingEntry.export, writable=False),
        ToOne("company", "companies", AccountingEntry.company, writable=False),
    ),
    filters=(
        AccountingEntry.export,
        AccountingEntry.company,
        AccountingEntry.kind,
        AccountingEntry.reference,
        AccountingEntry.external_id,
    ),
    sorts=(AccountingEntry.date, AccountingEntry.created_at),
    default_sort="-date",
    label=AccountingEntry.reference,
)

ALL = (mappings, exports, entries)
