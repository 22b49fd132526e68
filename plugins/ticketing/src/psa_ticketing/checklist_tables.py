"""What checklists store: items of templates and of tickets, and how far a ticket's are."""

from psa_sdk.tables import Boolean, Index, Instant, Integer, Ref, TenantTable, Text


class TemplateItem(TenantTable, schema="ticketing", tablename="template_item"):
    """A step that every ticket of a template begins with."""

    template = Ref("ticket-templates", on_delete="cascade")
    title = Text()
    sort_order = Integer(default=0)

    index_on = (Index(("template", "sort_order")),)


class ChecklistItem(TenantTable, schema="ticketing", tablename="checklist_item"):
    """A step of a ticket, done or still to do."""

    ticket = Ref("tickets", on_delete="cascade")
    title = Text()
    sort_order = Integer(default=0)
    is_done = Boolean(default=False)
    done_at = Instant(null=True)
    done_by = Ref("users", null=True, on_delete="set_null")

    index_on = (Index(("ticket", "sort_order")),)
    checks = ("is_done = (done_at IS NOT NULL)",)


class ChecklistProgress(TenantTable, schema="ticketing", tablename="checklist_progress"):
    """The counts of a ticket's items; a trigger on them keeps it in the same transaction."""

    ticket = Ref("tickets", on_delete="cascade")
    checklist_total = Integer(default=0)
    checklist_done = Integer(default=0)

    index_on = (Index(("ticket",), unique=True),)
    exported = False


ALL = (TemplateItem, ChecklistItem, ChecklistProgress)
