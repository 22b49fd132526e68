"""Pages and places in pages: declarations that are inert until a shell plugin (console, portal) is installed.

Paths and urls are below the shell's own prefix: `/tickets` is `/ui/tickets` in the console. Templates are named
`<plugin>/<file>` and lie in the package's `templates/`, scripts and styles in `static/`, catalogues in
`locale/`. See `docs/extending/ui.md`.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Literal, Protocol
from uuid import UUID

import msgspec
from litestar import Response

from psa_sdk.access import Audience
from psa_sdk.context import Context

Shell = Literal["console", "portal"]
Group = Literal["main", "service", "clients", "finance", "admin"]
Tone = Literal[
    "gray", "red", "orange", "amber", "lime", "green", "teal", "cyan", "blue", "indigo", "violet", "pink"
]
Values = Mapping[str, Any]
Load = Callable[[Context, UUID | None], Awaitable[Values | None]]


class Go(msgspec.Struct, frozen=True, kw_only=True):
    """An action's answer: move on to another page of the shell, perhaps with a word about what was done.

    `away` leaves the shell for an address that somebody else serves.
    """

    url: str
    toast: str = ""
    away: bool = False


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """An action's answer: stay, and say what was done.

    Everything on the page that is live on a topic of `refresh` fetches itself anew. `undo` is the url of an
    action that takes it back, offered in the toast.
    """

    toast: str = ""
    refresh: tuple[str, ...] = ()
    undo: str = ""


class Show(msgspec.Struct, frozen=True, kw_only=True):
    """An action's answer: a template, or one block of it, put where the form says (`data-target`)."""

    template: str
    data: Values = {}
    block: str = ""
    toast: str = ""


Answered = Go | Done | Show


class ShellFrame(msgspec.Struct, frozen=True, kw_only=True):
    """A shell: where its pages live, for whom, and the template that its pages extend."""

    name: Shell
    prefix: str
    audience: Audience
    template: str
    login: str
    """The template of the log-in page."""
    forgot: str = ""
    reset: str = ""
    """The templates by which people ask for a new password and choose one; without them there are no such pages."""
    expired: str = ""
    """The template of those whose password has expired; its form is sent by `psa-form` to `/password`."""
    gate: str = ""
    """The template around the pages of a log-in's second step; without it there are none."""
    dress: Callable[[Context], Awaitable[Values]] | None = None
    """What the frame's own templates know as `dress` on every page, the log-in included: name, logo, colours."""
    welcomes: Callable[[Context, str], Awaitable[bool]] | None = None
    """Tells whether visitors of `/` at a host are led to this shell; to the staff's where none claims them."""


class NavItem(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of the navigation, shown to those who hold the permission.

    `hotkey` is a sequence such as `g t`. `count` gives the number at the entry's end, `shown` tells whether there
    is such a place at all.
    """

    id: str
    label: str
    url: str
    permission: str
    icon: str = ""
    group: Group = "main"
    order: int = 100
    hotkey: str = ""
    count: Callable[[Context], Awaitable[int | None]] | None = None
    shown: Callable[[Context], bool] | None = None
    shell: Shell = "console"


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """A page: a template of the plugin and the function that loads its data.

    `load` is called with what it names: `ctx`, `request`, path parameters (`/tickets/{id:uuid}`), `query` a
    msgspec Struct of the query parameters. GET has no side effects: pages are fetched ahead. `block` is sent
    alone to requests of htmx. `slots` are gathered for the record that the path parameter `subject` names.
    A Litestar `Response` is sent as it is: a download, an image.
    """

    path: str
    template: str
    permission: str
    load: Callable[..., Awaitable[Values | Answered | Response[Any]]]
    title: str = ""
    active: str = ""
    """The navigation entry that is marked; the path's first part where empty."""
    block: str = ""
    slots: tuple[str, ...] = ()
    subject: str = "id"
    shell: Shell = "console"


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """What a form or button posts to: `handle(ctx, …)` gets path parameters, `request`, `form`.

    `form` is a msgspec Struct or `Mapping[str, Sequence[str]]`. Raise `psa_sdk.errors`: faults are shown at
    their fields, whose names are the pointers' last parts.
    """

    path: str
    permission: str
    handle: Callable[..., Awaitable[Answered | None]]
    shell: Shell = "console"
    max_body: int = 1 << 20
    slot: str = ""
    """Where other plugins' `FormPart`s belong; they are saved after `handle`, in the same unit of work."""
    page: str = ""
    """The path of the page that has the form: to browsers without scripts it is shown again when the form is refused,
    with what was typed and what is wrong (`here.sent(url)` in its template). Its parameters are among the action's."""


class FormPart(msgspec.Struct, frozen=True, kw_only=True):
    """A part of another plugin's form, in a slot such as `ticket.composer`: shown like a panel, saved with the form.

    `save(ctx, record, form)` gets the record's id and the whole form; names of inputs begin with the plugin's name.
    What it raises refuses the whole form.
    """

    slot: str
    id: str
    title: str
    template: str
    load: Load
    save: Callable[[Context, UUID, Mapping[str, Sequence[str]]], Awaitable[None]]
    permission: str
    icon: str = ""
    order: int = 100
    lazy: bool = False
    shell: Shell = "console"


class Panel(msgspec.Struct, frozen=True, kw_only=True):
    """A part of another plugin's page, in a named slot such as `ticket.side`; `load` may return None to hide it.

    A lazy one is fetched after the page. One in `<one>.tabs` is a tab of the record's page, loaded when it is open.
    """

    slot: str
    id: str
    title: str
    template: str
    load: Load
    permission: str
    icon: str = ""
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
    icon: str = ""
    size: Literal["1x1", "2x1", "2x2", "4x1"] = "1x1"
    order: int = 100
    lazy: bool = False
    shell: Shell = "console"


class ListColumn(msgspec.Struct, frozen=True, kw_only=True):
    """A column on another plugin's list, loaded for all rows of the page at once; `width` is in pixels."""

    resource: str
    id: str
    title: str
    template: str
    load: Callable[[Context, Sequence[UUID]], Awaitable[Mapping[UUID, Values]]]
    permission: str = ""
    width: int = 112
    order: int = 100


class ListFilter(msgspec.Struct, frozen=True, kw_only=True):
    """A filter of a resource's API that its list offers in the first row."""

    resource: str
    name: str
    title: str = ""
    order: int = 100


class ListPreset(msgspec.Struct, frozen=True, kw_only=True):
    """A view of a list that everybody has, as a tab before their own: filters and order as in the list's address.

    `{me}` in the query stands for the person's id. `counted` shows how many there are.
    """

    resource: str
    title: str
    query: str
    counted: bool = False
    permission: str = ""
    order: int = 100


class BulkAction(msgspec.Struct, frozen=True, kw_only=True):
    """A verb for the chosen rows of a list; with `single` also for one record on its page."""

    resource: str
    id: str
    title: str
    permission: str
    handle: Callable[[Context, Sequence[UUID]], Awaitable[Answered]]
    icon: str = ""
    hotkey: str = ""
    single: bool = False
    danger: bool = False
    """Asks first: for what can't be undone."""
    order: int = 100


class ResourceView(msgspec.Struct, frozen=True, kw_only=True):
    """How the generated pages of a resource look; each part has a default from the declaration itself.

    `columns` of the list and `summary` under the title name attributes and to-one relationships. `tones` and
    `icons` are by value, for choices. `generated=False` leaves list, page and form to the plugin's own pages at
    the same paths.
    """

    resource: str
    singular: str = ""
    icon: str = ""
    columns: tuple[str, ...] = ()
    summary: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    """The order of the form; the rest follows."""
    tones: Mapping[str, Tone] = {}
    icons: Mapping[str, str] = {}
    group: Group | None = None
    """In which part of the navigation; None for resources that are reached from others or from settings."""
    order: int = 100
    hotkey: str = ""
    cells: Mapping[str, str] = {}
    """Templates that draw cells of the list, by column; they have `item`, `found` and `column`.

    A reference's cell is drawn once for each record that it leads to, and says nothing else of the row.
    """
    signs: tuple[str, ...] = ()
    """Columns that hold no more than a sign: narrow, without a visible heading."""
    list_template: str = "web/list.html"
    """One that extends `web/list.html`."""
    record_template: str = "web/record.html"
    """One that extends `web/record.html`."""
    generated: bool = True


class SettingsSection(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of the settings' own navigation."""

    id: str
    title: str
    url: str
    permission: str
    group: Literal["organisation", "service", "finance", "system"] = "organisation"
    icon: str = ""
    keywords: str = ""
    order: int = 100


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """A verb of the command palette, such as "Log a phone call"."""

    id: str
    title: str
    url: str
    permission: str
    icon: str = ""
    hotkey: str = ""
    keywords: str = ""


class Hit(msgspec.Struct, frozen=True, kw_only=True):
    """Something found: a record in the palette and on the search page."""

    title: str
    url: str
    icon: str = ""
    detail: str = ""
    kind: str = ""


class SearchProvider(msgspec.Struct, frozen=True, kw_only=True):
    """Finds what resources' own `search` doesn't; at most six hits, only what the principal may see."""

    id: str
    search: Callable[[Context, str], Awaitable[Sequence[Hit]]]
    permission: str
    shell: Shell = "console"


class Live(Protocol):
    """Tells open pages that something changed. Record changes are told by themselves, topic and resource alike."""

    async def tell(
        self, topic: str, id: UUID | None = None, *, account: UUID | None = None, toast: str = ""
    ) -> None:
        """After the commit, let whatever is live on the topic fetch itself; `account` limits it to one person."""
        ...


class Ui(msgspec.Struct, frozen=True, kw_only=True):
    """All that a plugin contributes to the shells; `modules` and `styles` of `static/` are on every page."""

    frames: tuple[ShellFrame, ...] = ()
    nav: tuple[NavItem, ...] = ()
    pages: tuple[Page, ...] = ()
    actions: tuple[Action, ...] = ()
    panels: tuple[Panel, ...] = ()
    widgets: tuple[Widget, ...] = ()
    columns: tuple[ListColumn, ...] = ()
    filters: tuple[ListFilter, ...] = ()
    presets: tuple[ListPreset, ...] = ()
    form_parts: tuple[FormPart, ...] = ()
    bulk: tuple[BulkAction, ...] = ()
    views: tuple[ResourceView, ...] = ()
    settings: tuple[SettingsSection, ...] = ()
    commands: tuple[Command, ...] = ()
    searches: tuple[SearchProvider, ...] = ()
    modules: tuple[str, ...] = ()
    styles: tuple[str, ...] = ()
