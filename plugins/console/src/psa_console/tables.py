"""What the console stores: imports under way, and what people are notified of."""

from psa_sdk.tables import UUID, Choice, Index, Instant, Integer, Json, Ref, TenantTable, Text

STATES = ("uploaded", "checking", "checked", "running", "done", "failed")


class CsvImport(TenantTable, schema="console", tablename="csv_import"):
    """A CSV file on its way into a resource."""

    account = Ref("users", on_delete="cascade")
    target = Text(help_text="The resource that the rows become")
    file_name = Text()
    file = UUID(null=True, help_text="The uploaded file")
    state = Choice(*STATES, default="uploaded")
    fault = Text(default="", help_text="Why it failed")
    row_count = Integer(default=0)
    done_count = Integer(default=0)
    mapping = Json(default={}, help_text="What each header fills; empty ignores the column")
    created_count = Integer(default=0)
    updated_count = Integer(default=0)
    unchanged_count = Integer(default=0)
    skipped_count = Integer(default=0)
    problems = Json(default=[], help_text="Why rows were skipped")
    refused = Json(default=[], help_text="Lines that were skipped")
    finished_at = Instant(null=True)

    index_on = (Index(("account", "created_at")),)


class Notification(TenantTable, schema="console", tablename="notification"):
    """Something that happened and concerns one person."""

    account = Ref("users", on_delete="cascade")
    kind = Text(help_text="What happened, such as `ticket_assigned`")
    title = Text(help_text="What it is about, in the words of the record")
    detail = Text(default="")
    actor_name = Text(default="")
    subject_kind = Text()
    subject_id = UUID()
    read_at = Instant(null=True)

    index_on = (
        Index(("account", "created_at")),
        Index(("account",), where="read_at IS NULL"),
    )


ALL = (CsvImport, Notification)
