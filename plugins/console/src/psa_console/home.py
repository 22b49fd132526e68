"""The home page: greeting and widgets, which everybody chooses, orders and sizes for themselves."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args

import msgspec
from babel.dates import format_date

from psa_console.assistant import progress
from psa_console.options import ConsoleSettings, Size, Tile
from psa_sdk import Context
from psa_sdk.documents import Documents
from psa_sdk.errors import NotFound
from psa_sdk.ui import Done, Go, Widget
from psa_web.api import fill, here

_TILES = "tiles"
SIZES = get_args(Size)


class Mode(msgspec.Struct):
    """The address: whether the widgets are being arranged."""

    edit: str = ""


class Change(msgspec.Struct):
    """The form of a change to one tile."""

    id: str
    do: Literal["add", "remove", "earlier", "later", "size"]
    size: Size = "1x1"


class Order(msgspec.Struct):
    """All tiles in their new order."""

    ids: list[str]


async def load(ctx: Context, query: Mode) -> Mapping[str, Any]:
    """Load the widgets that the person has on their home, each on its own."""
    place = here()
    _ = place.gettext
    local = ctx.now.astimezone(place.timezone)
    first = ctx.principal.label.split()[0]
    if local.hour < 12:
        greeting = _("Good morning, %s")
    elif local.hour < 18:
        greeting = _("Good afternoon, %s")
    else:
        greeting = _("Good evening, %s")
    offered = _offered()
    tiles = await _tiles(ctx)
    shown = [(tile, await fill(place, offered[tile.id], None)) for tile in tiles if tile.id in offered]
    placed = {tile.id for tile in tiles}
    editing = query.edit == "1"
    return {
        "greeting": greeting % first,
        "date": format_date(local, "full", locale=place.language),
        "widgets": [(tile, offered[tile.id], filled) for tile, filled in shown if filled or editing],
        "spare": [widget for widget in offered.values() if widget.id not in placed],
        "editing": editing,
        "sizes": SIZES,
        "setup": await progress(ctx),
    }


def _offered() -> dict[str, Widget]:
    place = here()
    return {widget.id: widget for widget in place.site.shown("widgets", Widget, place)}


async def _tiles(ctx: Context) -> Sequence[Tile]:
    """Return the person's own tiles; all widgets in their order where nothing was chosen."""
    chosen = (await ctx.settings(ConsoleSettings)).home.get(_TILES)
    return chosen if chosen is not None else [Tile(one.id, one.size) for one in _offered().values()]


async def change(ctx: Context, form: Change) -> Done:
    """Add, remove, move or resize a widget."""
    offered, tiles = _offered(), list(await _tiles(ctx))
    at = next((place for place, tile in enumerate(tiles) if tile.id == form.id), None)
    if form.do == "add":
        if form.id not in offered:
            raise NotFound(f"There is no widget {form.id}.")
        if at is None:
            tiles.append(Tile(form.id, offered[form.id].size))
    elif at is None:
        raise NotFound(f"There is no widget {form.id} on your home.")
    elif form.do == "remove":
        del tiles[at]
    elif form.do == "size":
        tiles[at] = Tile(form.id, form.size)
    else:
        moved = tiles.pop(at)
        tiles.insert(max(0, at - 1) if form.do == "earlier" else at + 1, moved)
    return await _keep(ctx, tiles)


async def order(ctx: Context, form: Order) -> Done:
    """Bring the widgets into another order; those that aren't named stay at the end."""
    tiles = {tile.id: tile for tile in await _tiles(ctx)}
    named = [tiles.pop(name) for name in dict.fromkeys(form.ids) if name in tiles]
    return await _keep(ctx, [*named, *tiles.values()])


async def _keep(ctx: Context, tiles: Sequence[Tile]) -> Done:
    values = msgspec.to_builtins({"home": {_TILES: tiles}})
    await ctx.service(Documents).call("PATCH", "/settings/console/mine", body={"values": values})
    return Done(refresh=("home",))


async def reset(ctx: Context) -> Go:
    """Return to the home that everybody begins with."""
    await ctx.service(Documents).call("PATCH", "/settings/console/mine", body={"reset": ["home"]})
    return Go(url="/?edit=1")
