"""What rules can do with a record of any resource: set fields, tags, notices, mail, webhooks."""

from typing import Any
from uuid import UUID

from psa_automation import webhooks
from psa_automation.api import Action, Arguments, Case, Parameter
from psa_automation.notices import tell_people
from psa_sdk import Context
from psa_sdk.documents import Documents
from psa_sdk.errors import Conflict
from psa_sdk.mail import Letter, Mailer
from psa_sdk.placeholders import fill

CUSTOM = "custom_fields."


def filled(case: Case, content: str) -> str:
    """Return a text with its placeholders replaced by the record's values."""
    values = {path: None if held is None else str(held) for path, held in case.values.items()}
    return fill(content, _Lenient(values))


class _Lenient(dict[str, str | None]):
    """Values of which any path may be asked: what a record doesn't have is empty, not unknown."""

    def __missing__(self, _path: str) -> None:
        return None

    def keys(self) -> Any:
        return _Everything()


class _Everything:
    def __rsub__(self, _asked: set[str]) -> set[str]:
        return set()


async def set_fields(ctx: Context, case: Case, given: Arguments) -> str:
    """Set attributes, relationships and custom fields."""
    described = ctx.service(Documents).describe(case.resource)
    attributes: dict[str, Any] = {}
    one: dict[str, tuple[str, UUID] | None] = {}
    custom: dict[str, Any] = {}
    for path, value in given["values"].items():
        if path in described.relations:
            one[path] = None if value is None else (described.relations[path].target, UUID(str(value)))
        elif path.startswith(CUSTOM):
            custom[path.removeprefix(CUSTOM)] = value
        else:
            attributes[path] = value
    if custom:
        attributes["custom_fields"] = {
            path.removeprefix(CUSTOM): held for path, held in case.values.items() if path.startswith(CUSTOM)
        } | custom
    await ctx.service(Documents).update(case.resource, case.id, attributes, one=one)
    return f"Set {', '.join(given['values'])}"


def fields_are_set(case: Case, given: Arguments) -> bool:
    """Tell whether all fields have their values already."""
    return all(case.values.get(path) == value for path, value in given["values"].items())


async def add_tags(ctx: Context, case: Case, given: Arguments) -> str:
    """Add tags that a record doesn't have."""
    held: list[str] = case.values.get("tags") or []
    new = [tag for tag in given["tags"] if tag not in held]
    if new:
        await ctx.records.update(case.resource, case.id, {"tags": [*held, *new]})
    return f"Tagged {', '.join(new) or 'already'}"


async def remove_tags(ctx: Context, case: Case, given: Arguments) -> str:
    """Remove tags that a record has."""
    held: list[str] = case.values.get("tags") or []
    kept = [tag for tag in held if tag not in given["tags"]]
    if kept != held:
        await ctx.records.update(case.resource, case.id, {"tags": kept})
    return f"Removed {', '.join(tag for tag in held if tag not in kept) or 'nothing'}"


async def notify(ctx: Context, case: Case, given: Arguments) -> str:
    """Tell people, named or found in the record's relationships."""
    accounts = [UUID(str(account)) for account in given.get("users", ())]
    accounts += [held for name in given.get("people", ()) if (held := case.reference(name)) is not None]
    await tell_people(
        ctx, accounts, filled(case, given["text"]), record=(case.resource, case.id), rule=case.rule_id
    )
    return f"Told {len(set(accounts))} people"


async def send_mail(ctx: Context, case: Case, given: Arguments) -> str:
    """Send a mail, marked as written by a machine."""
    to = filled(case, given["to"]).strip()
    if not to:
        raise Conflict("The mail has no recipient: the record's address is empty.", code="no_recipient")
    letter = Letter(
        to=tuple(part.strip() for part in to.split(",") if part.strip()),
        subject=filled(case, given["subject"]),
        text=filled(case, given["text"]),
        subject_of=(case.resource, case.id),
    )
    await ctx.service(Mailer).send(letter)
    return f"Mailed {to}"


async def call_webhook(ctx: Context, case: Case, given: Arguments) -> str:
    """Have another machine called after the commit (AUT-05)."""
    await ctx.send(
        webhooks.deliver,
        url=given["url"],
        rule_id=case.rule_id,
        body={
            "rule": {"id": str(case.rule_id), "name": case.rule_name},
            "trigger": case.trigger,
            "resource": case.resource,
            "id": str(case.id),
            "values": dict(case.values),
            "occurred_at": ctx.now.isoformat(),
        },
    )
    return f"Calls {given['url']}"


def _tags(case: Case, given: Arguments) -> bool:
    return set(given["tags"]) <= set(case.values.get("tags") or ())


TAGS = Parameter(name="tags", title="Tags", kind="tags", required=True)
ALWAYS = (
    Action(
        name="set",
        title="Set fields",
        icon="pencil",
        run=set_fields,
        settled=fields_are_set,
        parameters=(Parameter(name="values", title="Fields", kind="values", required=True),),
    ),
    Action(
        name="notify",
        title="Notify people",
        icon="bell",
        run=notify,
        parameters=(
            Parameter(name="people", title="People of the record", kind="people"),
            Parameter(name="users", title="People", kind="records", target="users"),
            Parameter(name="text", title="Text", kind="long", required=True, filled=True),
        ),
    ),
    Action(
        name="webhook",
        title="Call a webhook",
        icon="webhook",
        run=call_webhook,
        outward=True,
        parameters=(Parameter(name="url", title="Address", kind="text", required=True),),
    ),
    Action(
        name="add_tags",
        title="Add tags",
        icon="tag",
        run=add_tags,
        settled=_tags,
        parameters=(TAGS,),
    ),
    Action(
        name="remove_tags",
        title="Remove tags",
        icon="tag",
        run=remove_tags,
        settled=lambda case, given: set(given["tags"]).isdisjoint(case.values.get("tags") or ()),
        parameters=(TAGS,),
    ),
)
MAIL = Action(
    name="mail",
    title="Send a mail",
    icon="mail",
    run=send_mail,
    outward=True,
    parameters=(
        Parameter(
            name="to",
            title="To",
            kind="text",
            required=True,
            filled=True,
            help="An address, or a field such as {{contact.email}}",
        ),
        Parameter(name="subject", title="Subject", kind="text", required=True, filled=True),
        Parameter(name="text", title="Text", kind="long", required=True, filled=True),
    ),
)


def common(ctx: Context) -> tuple[Action, ...]:
    """Return the actions of every resource; mail where somebody carries it."""
    return (*ALWAYS, MAIL) if ctx.provides(Mailer) else ALWAYS
