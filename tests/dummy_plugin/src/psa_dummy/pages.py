"""What a shell would show; inert until one is installed."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from psa_console.api import settings_navigation
from psa_dummy.api import GADGETS
from psa_dummy.settings import DummySettings
from psa_dummy.tables import Gadget
from psa_sdk import Context
from psa_sdk.ui import (
    Action,
    BulkAction,
    Command,
    Done,
    FormPart,
    Go,
    Hit,
    ListColumn,
    ListFilter,
    ListPreset,
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
PORTAL_NAV = NavItem(
    id="dummy.portal", label="Gadgets", url="/gadgets", permission=READ, order=50, shell="portal"
)
RETIRED_NAV = NavItem(
    id="dummy.retired", label="Retired gadgets", url="/dummy/gadgets?archived=true", permission=READ
)


async def load_page(ctx: Context) -> Mapping[str, Any]:
    """Load the gadgets."""
    return {"gadgets": await ctx.records.find(GADGETS, order="name")}


async def load_count(ctx: Context, id: UUID | None) -> Mapping[str, Any] | None:
    """Count a company's gadgets, or all; nothing to show where there are none."""
    count = await ctx.records.count(GADGETS, Gadget.company == id if id else None)
    return {"count": count} if count else None


async def load_fragile(ctx: Context, id: UUID | None) -> Mapping[str, Any] | None:
    """Show nothing, and break on the page of a company that is named so: pages must bear it."""
    if id is None or (await ctx.records.get("companies", id))["name"].startswith("Breaking"):
        raise RuntimeError("The dummy's fragile part broke, as it was asked to.")
    return None


async def load_depot(ctx: Context) -> Mapping[str, Any]:
    """Load the page of the settings."""
    days = (await ctx.settings(DummySettings)).longest_days
    return {"days": days, "groups": await settings_navigation(ctx), "section_id": "dummy.depot"}


async def load_lend(ctx: Context, id: UUID | None) -> Mapping[str, Any]:
    """Show the part of the ticket's composer."""
    return {}


async def save_lend(ctx: Context, record: UUID, form: Mapping[str, Sequence[str]]) -> None:
    """Note with a ticket's note that a gadget was lent."""
    if form.get("dummy_lend"):
        await ctx.audit("lent", "tickets", record)


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
    return [
        Hit(title=row["name"], url=f"/dummy/gadgets/{row['id']}", icon="box", kind="Gadgets by number")
        for row in rows
    ]


UI = Ui(
    nav=(GADGET_NAV, PORTAL_NAV),
    pages=(
        Page(path="/gadgets", template="dummy/page.html", permission=READ, load=load_page, title="Depot"),
        Page(
            path="/gadgets",
            template="dummy/page.html",
            permission=READ,
            load=load_page,
            title="Gadgets",
            shell="portal",
        ),
        Page(
            path="/settings/depot",
            template="dummy/depot.html",
            permission="settings.sections.read",
            load=load_depot,
            title="Depot",
        ),
    ),
    panels=(
        *(
            Panel(
                slot=slot,
                id=id,
                title=title,
                template="dummy/count.html",
                load=load,
                permission=READ,
                lazy=lazy,
            )
            for slot, id, title, load, lazy in (
                ("company.side", "dummy.gadgets", "Gadgets", load_count, False),
                ("company.side", "dummy.lazy", "Gadgets, later", load_count, True),
                ("company.tabs", "dummy.tab", "Depot", load_count, False),
                ("company.main", "dummy.fragile", "Fragile", load_fragile, False),
            )
        ),
        Panel(
            slot="portal.banner",
            id="dummy.banner",
            title="Gadgets",
            template="dummy/count.html",
            load=load_count,
            permission=READ,
            shell="portal",
        ),
    ),
    widgets=(
        *(
            Widget(id=id, title=title, template="dummy/count.html", load=load, permission=READ)
            for id, title, load in (
                ("dummy.count", "Gadgets", load_count),
                ("dummy.broken", "Broken", load_fragile),
            )
        ),
        Widget(
            id="dummy.portal",
            title="Your gadgets",
            template="dummy/count.html",
            load=load_count,
            permission=READ,
            shell="portal",
        ),
    ),
    form_parts=(
        FormPart(
            slot="ticket.composer",
            id="dummy.lend",
            title="Lend",
            template="dummy/lend.html",
            load=load_lend,
            save=save_lend,
            permission=READ,
        ),
    ),
    presets=(ListPreset(resource=GADGETS, title="Lent", query="state=lent", counted=True),),
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
            icon="eye",
            hotkey="e",
            single=True,
        ),
    ),
    views=(
        ResourceView(
            resource=GADGETS,
            singular="Gadget",
            icon="box",
            columns=("name", "kind", "state", "keeper"),
            cells={"kind": "dummy/kind.html"},
        ),
    ),
    settings=(
        SettingsSection(
            id="dummy.depot", title="Depot", url="/settings/depot", permission="settings.sections.read"
        ),
    ),
    searches=(SearchProvider(id="dummy.numbers", search=search_numbers, permission=READ),),
    modules=("depot.js",),
    styles=("depot.css",),
    commands=(
        Command(
            id="dummy.lend",
            title="Lend a gadget",
            keywords="borrow",
            url="/dummy/gadgets/new",
            permission=READ,
        ),
    ),
)
