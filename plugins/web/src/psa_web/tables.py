"""What the pages store: saved views of lists."""

from psa_sdk.tables import Boolean, Index, Ref, TenantTable, Text


class SavedView(TenantTable, schema="web", tablename="saved_view"):
    """Filters and order of a list under a name: its owner's own, or shared with a group or with everybody."""

    owner = Ref("users", on_delete="cascade")
    team = Ref("groups", null=True, on_delete="set_null")
    is_for_everybody = Boolean(default=False)
    resource = Text(help_text="The resource whose list it is")
    name = Text()
    query = Text(default="", help_text="The list's query string")

    index_on = (Index(("owner", "resource", "name"), unique=True), Index(("resource", "name")))
    checks = ("name <> ''", "team IS NULL OR NOT is_for_everybody")


ALL = (SavedView,)
