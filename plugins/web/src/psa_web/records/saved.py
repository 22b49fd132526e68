"""Saved views: filters and orders of a list under a name, each person's own, kept as a setting."""

from typing import Annotated, Any

import msgspec

from psa_sdk.context import Context
from psa_sdk.documents import Documents
from psa_sdk.errors import Fault, Invalid, NotFound
from psa_sdk.settings import Settings, UserChoice

MOST = 20


class SavedView(msgspec.Struct, frozen=True):
    """A name and the query string that it stands for."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
    query: Annotated[str, msgspec.Meta(max_length=2000)]


class WebSettings(Settings, frozen=True, kw_only=True):
    """What people choose about pages."""

    views: Annotated[
        dict[str, list[SavedView]], UserChoice, msgspec.Meta(title="Saved views of lists, by resource")
    ] = msgspec.field(default_factory=dict[str, list[SavedView]])


async def views_of(ctx: Context, resource: str) -> list[SavedView]:
    """Return the views that hold for the person."""
    return (await ctx.settings(WebSettings)).views.get(resource, [])


async def save_view(ctx: Context, resource: str, name: str, query: str) -> None:
    """Save a view; one of the same name is replaced."""
    name = name.strip()
    if not 0 < len(name) <= 40:
        raise Invalid(faults=[Fault(detail="Give the view a name of up to 40 characters.", pointer="/name")])
    kept = [view for view in await views_of(ctx, resource) if view.name != name]
    if len(kept) >= MOST:
        raise Invalid(faults=[Fault(detail=f"There are {MOST} views already; delete one.", pointer="/name")])
    await _keep(ctx, resource, [*kept, SavedView(name, query.lstrip("?"))])


async def delete_view(ctx: Context, resource: str, name: str) -> None:
    """Delete a view by its name."""
    views = await views_of(ctx, resource)
    if all(view.name != name for view in views):
        raise NotFound(f"There is no view {name}.")
    await _keep(ctx, resource, [view for view in views if view.name != name])


async def _keep(ctx: Context, resource: str, views: list[SavedView]) -> None:
    every = dict((await ctx.settings(WebSettings)).views) | {resource: views}
    values: Any = msgspec.to_builtins({"views": every})
    await ctx.service(Documents).call("PATCH", "/settings/web/mine", body={"values": values})
