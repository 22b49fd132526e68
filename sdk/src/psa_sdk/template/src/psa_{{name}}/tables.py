"""The tables of {{title}}; id, tenant, times and version come with `TenantTable`."""

from psa_sdk.tables import Choice, Index, Ref, TenantTable, Text


class Entry(TenantTable, schema="{{name}}", tablename="entry"):
    """An entry, perhaps of a company."""

    title = Text()
    status = Choice("open", "done", default="open")
    company = Ref("companies", null=True)
    owner = Ref("users", null=True, on_delete="set_null")
    index_on = (Index(("company",)), Index(("owner",)))


ALL = (Entry,)
