"""What a shell would show; inert until one is installed."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from psa_dummy.api import GADGETS
from psa_dummy.tables import Gadget
from psa_sdk import Context
from psa_sdk.ui import Command, ListColumn, NavItem, Page, Panel, Ui, Widget

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
    commands=(Command(id="dummy.lend", title="Lend a gadget", url="/gadgets/lend", permission=READ),),
)
