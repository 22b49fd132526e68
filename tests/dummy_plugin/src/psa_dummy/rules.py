"""What holds for gadgets whoever writes them."""

import msgspec

from psa_dummy import questions
from psa_dummy.api import GADGETS, GadgetReturned
from psa_dummy.tables import Gadget
from psa_sdk import Change, Context, Event, Interceptor, Question, Who, before
from psa_sdk.errors import Conflict, Invalid
from psa_sdk.resources import Pairs
from psa_sdk.tables import Condition, QueryString

MOST_LABELS = 100


def of_own_company(who: Who) -> Condition:
    """Clients see what they were lent."""
    return Gadget.company == who.company_id


def kept_by(who: Who) -> Condition:
    """What somebody keeps."""
    return Gadget.keeper == who.id


def inspections_of_own_company(who: Who) -> QueryString:
    """Clients see the inspections of what they were lent."""
    return QueryString(
        "inspection.gadget IN (SELECT g.id FROM dummy.gadget g WHERE g.company = {})", who.company_id
    )


class Numbered(msgspec.Struct):
    """What a new gadget needs to know."""

    number: int


next_number = Question(
    sql="SELECT psa.next_number('dummy.gadget') AS number",
    arguments=lambda ctx, values: (),
    answer=Numbered,
)


async def number_new(ctx: Context, change: Change) -> None:
    """Give a new gadget its number, and a name that says what it is."""
    change.new["number"] = change.answer.number
    for prefix in ctx.ask(questions.psa_dummy_prefix, kind=change.value("kind") or "laptop"):
        if change.value("name") == prefix:
            raise Invalid(f"Say more than {prefix!r}.", pointer="/data/attributes/name")


async def check_parent(ctx: Context, change: Change) -> None:
    """A gadget isn't a part of itself."""
    if change.changes("parent") and change.value("parent") == change.id:
        raise Conflict("A gadget can't be a part of itself.", pointer="/data/relationships/parent")


async def keep_lent(ctx: Context, change: Change) -> None:
    """What is lent can't be retired."""
    if change.old["state"] == "lent":
        raise Conflict("The gadget is lent; take it back first.", code="gadget_lent")


async def meaning(ctx: Context, change: Change) -> list[Event]:
    """Tell that a gadget came back."""
    back = change.verb == "update" and change.old.get("state") == "lent" and change.value("state") == "here"
    return [GadgetReturned(gadget_id=change.id)] if back else []


async def see(ctx: Context, change: Change) -> None:
    """What was inspected was seen."""
    await ctx.as_system().records.update(GADGETS, change.value("gadget"), {"seen_at": ctx.now})


async def limit_labels(ctx: Context, added: Pairs, removed: Pairs) -> None:
    """Nobody reads a hundred stickers."""
    if len(added) > MOST_LABELS:
        raise Conflict(f"A gadget wears at most {MOST_LABELS} labels.")


@before("companies", "delete")
async def keep_borrowers(ctx: Context, change: Change) -> None:
    """A company that has gadgets of ours stays."""
    having = (Gadget.company == change.id) & (Gadget.state == "lent")
    if await ctx.as_system().records.count(GADGETS, having):
        raise Conflict("The company still has gadgets; take them back first.", code="gadgets_lent")


INTERCEPTORS: tuple[Interceptor, ...] = (keep_borrowers,)
