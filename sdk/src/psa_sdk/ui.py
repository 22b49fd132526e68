"""Pages and places in pages: declarations that are inert until a shell plugin (console, portal) is installed."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Literal
from uuid import UUID

import msgspec

from psa_sdk.context import Context

Shell = Literal["console", "portal"]
Load = Callable[[Context, UUID | None], Awaitable[Mapping[str, Any] | None]]


class NavItem(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of the navigation, shown to those who hold the permission."""

    id: str
    label: str
    url: str
    permission: str
    icon: str = ""
    group: Literal["main", "service", "clients", "finance", "admin"] = "main"
    order: int = 100
    shell: Shell = "console"


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """A page: a template of the plugin and the function that loads its data."""

    path: str
    template: str
    permission: str
    load: Callable[..., Awaitable[Mapping[str, Any]]]
    title: str = ""
    shell: Shell = "console"


class Panel(msgspec.Struct, frozen=True, kw_only=True):
    """A part of another plugin's page, in a named slot such as `ticket.side`; `load` may return None to hide it."""

    slot: str
    id: str
    title: str
    template: str
    load: Load
    permission: str
    order: int = 100
    lazy: bool = False
    shell: Shell = "console"


class Widget(msgspec.Struct, frozen=True, kw_only=True):
    """A tile of the home page; `size` is columns x rows."""

    id: str
    title: str
    template: str
    load: Load
    permission: str
    size: Literal["1x1", "2x1", "2x2", "4x1"] = "1x1"
    order: int = 100


class ListColumn(msgspec.Struct, frozen=True, kw_only=True):
    """A column on another plugin's list, loaded for all rows of the page at once."""

    resource: str
    id: str
    title: str
    template: str
    load: Callable[[Context, Sequence[UUID]], Awaitable[Mapping[UUID, Mapping[str, Any]]]]
    order: int = 100


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """A verb of the command palette, such as "Log a phone call"."""

    id: str
    title: str
    url: str
    permission: str
    icon: str = ""
    hotkey: str = ""


class Ui(msgspec.Struct, frozen=True, kw_only=True):
    """All that a plugin contributes to the shells."""

    nav: tuple[NavItem, ...] = ()
    pages: tuple[Page, ...] = ()
    panels: tuple[Panel, ...] = ()
    widgets: tuple[Widget, ...] = ()
    columns: tuple[ListColumn, ...] = ()
    commands: tuple[Command, ...] = ()
