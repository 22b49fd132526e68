"""Saved views as the API shows them."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from psa_sdk import Resource, ToOne
from psa_web.records import saved
from psa_web.tables import SavedView


class SavedViewWrite(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a client may send: a name, and the query string of the list's page that it stands for."""

    resource: Annotated[str, Meta(max_length=63)]
    name: Annotated[str, Meta(min_length=1, max_length=40)]
    query: Annotated[str, Meta(max_length=2000)] = ""
    is_for_everybody: bool = False


class SavedViewRead(SavedViewWrite, kw_only=True):
    """A saved view's attributes."""

    created_at: datetime
    updated_at: datetime


saved_views = Resource(
    name=saved.SAVED_VIEWS,
    title="Saved views",
    description="Filters and order of lists under a name: one's own, a group's, everybody's.",
    table=SavedView,
    read=SavedViewRead,
    write=SavedViewWrite,
    relations=(
        ToOne("owner", "users", SavedView.owner, writable=False),
        ToOne("team", "groups", SavedView.team),
    ),
    filters=(SavedView.resource, SavedView.name, SavedView.owner, SavedView.team, SavedView.is_for_everybody),
    sorts=(SavedView.name, SavedView.created_at),
    default_sort="name",
    label=SavedView.name,
    scopes={"own": lambda who: SavedView.owner == who.id},
    before_create=saved.write_view,
    before_update=saved.write_view,
)

ALL = (saved_views,)
