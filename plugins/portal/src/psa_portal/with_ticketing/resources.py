"""Request types, their questions and answers as the API shows them."""

from psa_portal.with_ticketing import rules, shapes
from psa_portal.with_ticketing.tables import RequestAnswer, RequestField, RequestType
from psa_sdk import Resource, ToOne

TYPES, FIELDS, ANSWERS = "request-types", "request-fields", "request-answers"

request_types = Resource(
    name=TYPES,
    title="Request types",
    description="What clients can ask for in the portal, and how the desk files it.",
    table=RequestType,
    read=shapes.RequestTypeRead,
    write=shapes.RequestTypeWrite,
    relations=(
        ToOne("ticket_type", "ticket-types", RequestType.ticket_type),
        ToOne("category", "ticket-categories", RequestType.category),
        ToOne("queue", "ticket-queues", RequestType.queue),
        ToOne("priority", "ticket-priorities", RequestType.priority),
    ),
    filters=(RequestType.name, RequestType.is_active),
    sorts=(RequestType.sort_order, RequestType.name, RequestType.created_at),
    default_sort="sort_order",
    search=(RequestType.name,),
    label=RequestType.name,
    portal=lambda _who: RequestType.is_active.eq(True),
    portal_hidden=("ticket_type", "category", "queue", "priority"),
)

request_fields = Resource(
    name=FIELDS,
    title="Questions of requests",
    description="What the form of a request type asks.",
    table=RequestField,
    read=shapes.RequestFieldRead,
    write=shapes.RequestFieldWrite,
    relations=(ToOne("request_type", TYPES, RequestField.request_type, required=True, inverse="questions"),),
    filters=(RequestField.request_type, RequestField.key, RequestField.kind),
    sorts=(RequestField.sort_order, RequestField.label, RequestField.created_at),
    default_sort="sort_order",
    label=RequestField.label,
    before_create=rules.write_field,
    before_update=rules.write_field,
)

request_answers = Resource(
    name=ANSWERS,
    title="Answers of requests",
    description="What clients answered when they made a ticket, as it was asked then.",
    table=RequestAnswer,
    read=shapes.RequestAnswerRead,
    verbs=frozenset(("list", "get")),
    relations=(
        ToOne("ticket", "tickets", RequestAnswer.ticket, inverse="request_answers"),
        ToOne("request_type", TYPES, RequestAnswer.request_type),
    ),
    filters=(RequestAnswer.ticket, RequestAnswer.request_type),
)

ALL = (request_types, request_fields, request_answers)
