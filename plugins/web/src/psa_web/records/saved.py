"""Saved views: filters and orders of a list under a name, each person's own, a group's, or everybody's."""

from typing import Final
from uuid import UUID

import msgspec

from psa_sdk import Change, Context
from psa_sdk.access import Who
from psa_sdk.documents import Documents
from psa_sdk.errors import Fault, Invalid
from psa_sdk.identity import Directory
from psa_sdk.tables import And, Condition
from psa_web.here import Here
from psa_web.tables import SavedView

SAVED_VIEWS: Final = "saved-views"
EVERYBODY: Final = "everybody"
MOST: Final = 20
"""Views of one list that a person saves by its page."""
_RIGHT = "web.saved_views."
OWN: Final = (_RIGHT + "read", _RIGHT + "create", _RIGHT + "update@own", _RIGHT + "delete@own")
ROLES: Final = {
    "manager": (_RIGHT + "*",),
    **dict.fromkeys(("technician", "dispatcher", "sales", "finance"), OWN),
}


def shown_to(who: Who) -> Condition:
    """What a person sees, whatever their permissions: their own, everybody's, their groups'."""
    seen = (SavedView.owner == who.id) | SavedView.is_for_everybody.eq(True)
    return seen | SavedView.team.is_in(list(who.team_ids)) if who.team_ids else seen


async def write_view(ctx: Context, change: Change) -> None:
    """Check a view; who makes it owns it, and shares it with a group of their own or with everybody."""
    if change.verb == "create" and change.new.get("owner") is None:
        change.new["owner"] = ctx.principal.id
    faults: list[Fault] = []
    if change.changes("resource") and change.value("resource") not in ctx.service(Documents).resources():
        detail = f"{change.value('resource')!r} is no resource that has lists; use the type of its records."
        faults.append(Fault(detail=detail, code="no_such_resource", pointer="/data/attributes/resource"))
    team: UUID | None = change.value("team")
    foreign = ctx.principal.kind != "system" and team not in ctx.principal.who.team_ids
    if team is not None and change.changes("team") and foreign:
        detail = "Share the view with a group that you belong to."
        faults.append(Fault(detail=detail, code="not_your_group", pointer="/data/relationships/team"))
    if team is not None and change.value("is_for_everybody"):
        detail = "Share the view with one group or with everybody, not both."
        faults.append(Fault(detail=detail, code="shared_twice", pointer="/data/attributes/is_for_everybody"))
    if faults:
        raise Invalid(faults=faults)


class SavedTab(msgspec.Struct, frozen=True, kw_only=True):
    """A saved view as the list's page shows it."""

    id: UUID
    name: str
    query: str
    is_own: bool
    is_for_everybody: bool
    team: str
    """The group's name, if it is shared with one."""
    may_delete: bool

    @property
    def is_shared(self) -> bool:
        """Whether others see it too."""
        return self.is_for_everybody or bool(self.team)


class SavedTabs(msgspec.Struct, frozen=True, kw_only=True):
    """The views of a list that a person sees, their own first, and the groups to share one with."""

    tabs: list[SavedTab]
    teams: dict[UUID, str]
    may_save: bool


async def saved_tabs(place: Here, resource: str) -> SavedTabs:
    """Return what a list's page shows of saved views."""
    ctx, who = place.ctx, place.ctx.principal.who
    rows = (
        await ctx.records.find(SAVED_VIEWS, SavedView.resource == resource, order="name")
        if place.can(_RIGHT + "read")
        else []
    )
    ids = {*who.team_ids, *(row["team"] for row in rows if row["team"] is not None)}
    found = await ctx.service(Directory).teams(ids) if ids else {}
    deletes_all = ctx.principal.allows_all(_RIGHT + "delete")
    tabs = [
        SavedTab(
            id=row["id"],
            name=row["name"],
            query=row["query"],
            is_own=row["owner"] == who.id,
            is_for_everybody=row["is_for_everybody"],
            team=found[row["team"]].name if row["team"] else "",
            may_delete=deletes_all or (row["owner"] == who.id and place.can(_RIGHT + "delete")),
        )
        for row in rows
    ]
    return SavedTabs(
        tabs=sorted(tabs, key=lambda tab: not tab.is_own),
        teams={team: found[team].name for team in who.team_ids if team in found},
        may_save=place.can(_RIGHT + "create"),
    )


async def save_view(ctx: Context, resource: str, name: str, query: str, audience: str) -> None:
    """Save a view for an audience: "" for oneself, "everybody", or a group's id; one's own of that name is replaced."""
    name = name.strip()
    if not 0 < len(name) <= 40:
        raise Invalid(faults=[Fault(detail="Give the view a name of up to 40 characters.", pointer="/name")])
    own = await ctx.records.find(
        SAVED_VIEWS, And(SavedView.owner == ctx.principal.id, SavedView.resource == resource)
    )
    same = next((row["id"] for row in own if row["name"] == name), None)
    if same is None and len(own) >= MOST:
        raise Invalid(faults=[Fault(detail=f"There are {MOST} views already; delete one.", pointer="/name")])
    values = {"query": query.lstrip("?"), "is_for_everybody": audience == EVERYBODY}
    team = {"team": None if audience in {"", EVERYBODY} else ("groups", _group(audience))}
    documents = ctx.service(Documents)
    if same is None:
        await documents.create(SAVED_VIEWS, {**values, "resource": resource, "name": name}, one=team)
    else:
        await documents.update(SAVED_VIEWS, same, values, one=team)


def _group(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Invalid(faults=[Fault(detail="This is no group.", pointer="/team")]) from None
