"""{{title}} as the API shows it."""

import datetime
from typing import Annotated, Literal

import msgspec

from psa_sdk import Change, Context, Resource, ToOne
from psa_{{name}}.api import EntryDone
from psa_{{name}}.tables import Entry

Status = Literal["open", "done"]
Title = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class EntryRead(msgspec.Struct, frozen=True, kw_only=True):
    """The attributes that answers hold."""

    title: str
    status: Status
    created_at: datetime.datetime
    updated_at: datetime.datetime


class EntryWrite(msgspec.Struct, frozen=True, kw_only=True):
    """The attributes that clients may send; those without default are required."""

    title: Title
    status: Status = "open"


async def tell(ctx: Context, change: Change) -> None:
    """Tell the world when an entry is done."""
    if change.changes("status") and change.value("status") == "done":
        await ctx.emit(EntryDone(entry_id=change.id, title=change.value("title")))


entries = Resource(
    name="{{kebab}}-entries",
    title="Entries",
    table=Entry,
    read=EntryRead,
    write=EntryWrite,
    relations=(
        ToOne("company", "companies", Entry.company, inverse="{{name}}_entries"),
        ToOne("owner", "users", Entry.owner),
    ),
    filters=(Entry.status, Entry.company, Entry.owner, Entry.created_at),
    sorts=(Entry.title, Entry.created_at),
    search=(Entry.title,),
    label=Entry.title,
    scopes={"own": lambda who: Entry.owner == who.id},
    portal=lambda who: Entry.company == who.company_id,  # clients see their company's; without it, nothing
    portal_hidden=("owner",),
    before_update=tell,
)

ALL = (entries,)
