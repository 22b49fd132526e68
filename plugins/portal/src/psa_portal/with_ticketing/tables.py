"""What the portal stores about requests: which kinds there are, what is asked, and what was answered."""

from psa_portal.with_ticketing.fields import KINDS
from psa_sdk.tables import Boolean, Choice, Index, Integer, Json, Ref, Tags, TenantTable, Text


class RequestType(TenantTable, schema="portal", tablename="request_type"):
    """A kind of request that clients can choose, and how the desk files it."""

    name = Text()
    description = Text(default="")
    icon = Text(default="life-buoy", help_text="A Lucide icon's name")
    is_active = Boolean(default=True)
    sort_order = Integer(default=0)
    ticket_type = Ref("ticket-types", null=True, on_delete="set_null")
    category = Ref("ticket-categories", null=True, on_delete="set_null")
    queue = Ref("ticket-queues", null=True, on_delete="set_null")
    priority = Ref("ticket-priorities", null=True, on_delete="set_null")

    index_on = (Index(("lower(name)",), unique=True),)


class RequestField(TenantTable, schema="portal", tablename="request_field"):
    """A question of a request type's form."""

    request_type = Ref("request-types", on_delete="cascade")
    key = Text(help_text="A short name that stays, such as first_day")
    label = Text()
    help = Text(default="")
    kind = Choice(*KINDS, default="text")
    options = Tags(help_text="What can be chosen")
    required = Boolean(default=False)
    required_if = Text(null=True, help_text="Another question's key and answer: hardware=laptop")
    sort_order = Integer(default=0)

    index_on = (Index(("request_type", "key"), unique=True),)


class RequestAnswer(TenantTable, schema="portal", tablename="request_answer"):
    """What a client answered when a ticket was made, as it was asked then (PRT-06)."""

    ticket = Ref("tickets", on_delete="cascade")
    company = Ref("companies", null=True, on_delete="cascade")
    request_type = Ref("request-types", null=True, on_delete="set_null")
    name = Text(help_text="The request type's name then")
    answers = Json(default=[], help_text="Key, label, kind and value of each question")

    index_on = (Index(("ticket",)),)


ALL = (RequestType, RequestField, RequestAnswer)
