"""What a shell would show; inert until one is installed."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from psa_dummy.api import GADGETS
from psa_dummy.tables import Gadget
from psa_sdk import Context
from psa_sdk.ui import (
    Action,
    BulkAction,
    Command,
    Done,
    Go,
    Hit,
    ListColumn,
    ListFilter,
    NavItem,
    Page,
    Panel,
    ResourceView,
    SearchProvider,
    SettingsSection,
    Show,
    Ui,
    Widget,
)

READ = "dummy.dummy_gadgets.read"
GADGET_NAV = NavItem(id="dummy.gadgets", label="Gadgets", url="/gadgets", permission=READ, group="service")
RETIRED_NAV = NavItem(id="dummy.retired", label="Retired gadgets", url="/gadgets/retired", permission=READ)


async def load_page(ctx: Context) -> Mapping[str, Any]:
    """Load the gadgets."""
    return {"gadgets": await ctx.records.find(GADGETS, order="name")}


async def load_count(ctx: Context, id: UUID | None) -> Mapping[str, Any] | None:
    """Count a company's gadgets, or all; nothing to show where there are none."""
    count = await ctx.records.count(GADGETS, Gadget.company == id if id else None)
    return {"count": count} if count else None


async def load_column(ctx: Context, ids: Sequence[UUID]) -> Mapping[UUID, Mapping[str, Any]]:
    """Count the gadgets of all companies on a page at once."""
    rows = await ctx.db.fetch(
        "SELECT company, count(*) AS count FROM dummy.gadget WHERE company = ANY ($1) GROUP BY 1", list(ids)
    )
    return {row["company"]: {"count": row["count"]} for row in rows}


async def mark_seen(ctx: Context, ids: Sequence[UUID]) -> Done:
    """Note that gadgets were seen."""
    for gadget in ids:
        await ctx.records.update(GADGETS, gadget, {"seen_at": ctx.now})
    return Done(toast=f"{len(ids)} seen", refresh=(GADGETS,))


async def retire(ctx: Context, id: UUID) -> Go:
    """Retire a gadget and go back to the list."""
    await ctx.records.delete(GADGETS, id)
    return Go(url="/gadgets", toast="Retired")


async def show_count(ctx: Context) -> Show:
    """Show how many gadgets there are."""
    return Show(template="dummy/count.html", data={"count": await ctx.records.count(GADGETS)})


async def search_numbers(ctx: Context, text: str) -> Sequence[Hit]:
    """Find gadgets by their inventory number."""
    digits = text.upper().removeprefix("G")
    if not digits.isdigit():
        return ()
    rows = await ctx.records.find(GADGETS, Gadget.number == int(digits))
    return [Hit(title=row["name"], url=f"/gadgets/{row['id']}", kind="Gadget") for row in rows]


UI = Ui(
    nav=(GADGET_NAV,),
    pages=(
        Page(path="/gadgets", template="dummy/page.html", permission=READ, load=load_page, title="Gadgets"),
    ),
    panels=(
        Panel(
            slot="company.side",
            id="dummy.gadgets",
            title="Gadgets",
            template="dummy/count.html",
            load=load_count,
            permission=READ,
        ),
    ),
    widgets=(
        Widget(
            id="dummy.count", title="Gadgets", template="dummy/count.html", load=load_count, permission=READ
        ),
    ),
    columns=(
        ListColumn(
            resource="companies",
            id="dummy.count",
            title="Gadgets",
            template="dummy/count.html",
            load=load_column,
        ),
    ),
    actions=(
        Action(path="/gadgets/{id:uuid}/retire", permission="dummy.dummy_gadgets.delete", handle=retire),
        Action(path="/gadgets/count", permission=READ, handle=show_count),
    ),
    filters=(ListFilter(resource=GADGETS, name="state", title="Where"),),
    bulk=(
        BulkAction(
            resource=GADGETS,
            id="dummy.seen",
            title="Seen",
            permission="dummy.dummy_gadgets.update",
            handle=mark_seen,
        ),
    ),
    views=(ResourceView(resource=GADGETS, singular="Gadget", columns=("name", "state")),),
    settings=(
        SettingsSection(
            id="dummy.depot", title="Depot", url="/settings/depot", permission="settings.sections.read"
        ),
    ),
    searches=(SearchProvider(id="dummy.numbers", search=search_numbers, permission=READ),),
    modules=("depot.js",),
    styles=("depot.css",),
    commands=(Command(id="dummy.lend", title="Lend a gadget", url="/gadgets/lend", permission=READ),),
)
