"""The timeline of a ticket: what was said and what happened, in one order."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import msgspec

from psa_sdk import Context
from psa_sdk.documents import Documents, Found, Item
from psa_sdk.errors import Forbidden
from psa_ticketing.api import TICKETS

COMMENTS: Final = "comments"
NOTES: Final = 60
STEPS: Final = "60"
SHOWN_OPEN: Final = 8
"""Entries from which on the middle is folded."""
_TOLD: Final[Mapping[str, tuple[str, str]]] = {
    "status": ("circle-dot", "ticket-statuses"),
    "priority": ("signal", "ticket-priorities"),
    "queue": ("inbox", "ticket-queues"),
    "ticket_type": ("shapes", "ticket-types"),
    "category": ("folder-tree", "ticket-categories"),
    "subcategory": ("folder-tree", "ticket-categories"),
    "assigned_to": ("user-round", "users"),
    "team": ("users-round", "groups"),
    "company": ("building-2", "companies"),
    "contact": ("contact-round", "contacts"),
    "site": ("map-pin", "sites"),
    "parent": ("git-fork", TICKETS),
    "merged_into": ("merge", TICKETS),
    "title": ("pencil", ""),
    "description": ("pencil", ""),
    "tags": ("tag", ""),
    "scheduled_start": ("calendar-clock", ""),
    "scheduled_end": ("calendar-clock", ""),
    "estimated_hours": ("clock", ""),
    "is_billable": ("receipt", ""),
    "custom_fields": ("list", ""),
}


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """Something said; `kind` is its visibility, `html` is sanitised."""

    id: str
    at: str
    author: str
    side: str
    kind: str
    html: str
    via: str = ""
    edited: bool = False
    deleted: bool = False
    mine: bool = False
    """Whether the reader wrote it and may still change it."""
    files: Sequence[Item] = ()


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One value that changed, in words; `when` says that the values are instants."""

    name: str
    before: str
    after: str
    when: bool = False


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened."""

    at: str
    who: str
    icon: str
    action: str
    changes: Sequence[Change]


class Timeline(msgspec.Struct, frozen=True, kw_only=True):
    """The entries in order: the first ones, those folded away, the latest."""

    first: Sequence[Note | Step]
    folded: Sequence[Note | Step]
    last: Sequence[Note | Step]
    files: Sequence[Item]
    internal: int
    more: bool
    seen: str

    @property
    def notes(self) -> Sequence[Note]:
        """All notes but the ticket's own description."""
        every = (*self.first, *self.folded, *self.last)
        return [entry for entry in every if isinstance(entry, Note) and entry.id != "description"]


async def timeline(ctx: Context, found: Found, *, all_notes: bool = False) -> Timeline:
    """Return a ticket's timeline; `found` holds the ticket with what it includes."""
    documents, ticket = ctx.service(Documents), found.items[0]
    query = {"sort": "-created_at", "page[size]": "200" if all_notes else str(NOTES)}
    notes = await documents.related(TICKETS, ticket.id, "notes", query)
    files = await _files(documents, [ticket.id, *(note.id for note in notes.items)])
    by_note: dict[UUID, list[Item]] = {}
    for file in files:
        by_note.setdefault(UUID(str(file.attributes["subject_id"])), []).append(file)
    writer = ctx.principal.id if "update" in documents.describe(COMMENTS).verbs else None
    said = [_note(item, by_note.get(item.id, ()), writer) for item in reversed(notes.items)]
    steps = await _steps(ctx, documents, ticket.id)
    if notes.next and said:
        steps = [step for step in steps if step.at >= said[0].at]
    entries: list[Note | Step] = sorted([*said, *steps], key=lambda entry: entry.at)
    opening = _description(found, by_note.get(ticket.id, ()))
    if opening is not None:
        entries.insert(0, opening)
    folds = len(entries) > SHOWN_OPEN + 2
    return Timeline(
        first=entries[:1] if folds else entries,
        folded=entries[1 : -SHOWN_OPEN + 1] if folds else (),
        last=entries[-SHOWN_OPEN + 1 :] if folds else (),
        files=files,
        internal=sum(note.kind == "internal" for note in said),
        more=bool(notes.next),
        seen=said[-1].at if said else ticket.attributes["created_at"],
    )


async def _files(documents: Documents, subjects: Sequence[UUID]) -> Sequence[Item]:
    query = {
        "filter[subject_id][in]": ",".join(str(subject) for subject in subjects[:200]),
        "filter[is_current]": "true",
        "page[size]": "100",
    }
    try:
        return (await documents.find("attachments", query)).items
    except Forbidden:
        return ()


def _note(item: Item, files: Sequence[Item], writer: UUID | None) -> Note:
    told = item.attributes
    return Note(
        id=str(item.id),
        at=told["created_at"],
        author=told["author_name"],
        side=told["author_kind"],
        kind=told["note_type"],
        html=told["content_html"],
        edited=bool(told["edit_count"]),
        deleted=told["deleted_at"] is not None,
        mine=told["deleted_at"] is None and (item.one.get("author") or ("", None))[1] == writer,
        files=files,
    )


def _description(found: Found, files: Sequence[Item]) -> Note | None:
    ticket = found.items[0]
    if not ticket.attributes["description"] and not files:
        return None
    contact, maker = (
        found.included.get(ticket.one.get(name) or ("", ticket.id)) for name in ("contact", "created_by")
    )
    author = contact.attributes["name"] if contact else maker.attributes.get("name", "") if maker else ""
    return Note(
        id="description",
        at=ticket.attributes["created_at"],
        author=author,
        side="portal" if contact else "staff",
        kind="public",
        html=ticket.attributes["description_html"],
        files=files,
    )


async def _steps(ctx: Context, documents: Documents, ticket_id: UUID) -> list[Step]:
    """Return what happened to a ticket in words: ids are looked up, a statement for each resource they are of."""
    answer = await documents.call("GET", f"/tickets/{ticket_id}/activity", query={"page[size]": STEPS})
    raw = [entry.attributes for entry in answer.items]
    wanted: dict[str, set[UUID]] = {}
    for step in raw:
        for name, pair in step.changed.items() if step.action == "updated" else ():
            target = _TOLD.get(name, ("", ""))[1]
            if target:
                wanted.setdefault(target, set()).update(UUID(value) for value in pair if value)
    names: dict[str, str] = {}
    for target, ids in wanted.items():
        try:
            known = await documents.names(target, sorted(ids))
        except Forbidden:
            continue
        names |= {str(one): name for one, name in known.items()}
    steps: list[Step] = []
    for step in raw:
        changes = _changes(step.changed, names) if step.action == "updated" else []
        if step.action == "updated" and not changes:
            continue
        icon = _TOLD[changes[0].name][0] if changes else "plus" if step.action == "created" else "zap"
        steps.append(
            Step(
                at=step.occurred_at.isoformat(),
                who=step.actor_label,
                icon=icon,
                action=step.action,
                changes=changes,
            )
        )
    return steps


def _changes(changed: Mapping[str, Sequence[Any]], names: Mapping[str, str]) -> list[Change]:
    found: list[Change] = []
    for name in _TOLD:
        if name not in changed:
            continue
        before, after = (
            "" if name in {"description", "custom_fields"} else _word(value, names) for value in changed[name]
        )
        found.append(Change(name=name, before=before, after=after, when=name.startswith("scheduled_")))
    return found


def _word(value: Any, names: Mapping[str, str]) -> str:
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    return "" if value is None else names.get(str(value), str(value))
