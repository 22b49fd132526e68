"""Which contract work falls under, at the moment of work (CON-08). Pure."""

import datetime
from collections.abc import Collection, Sequence
from uuid import UUID

import msgspec


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """A contract that might cover work; drafts are none. `ends_on` is included, None is never."""

    id: UUID
    number: int
    company_id: UUID
    starts_on: datetime.date
    ends_on: datetime.date | None
    site_id: UUID | None = None
    asset_ids: frozenset[UUID] = frozenset()
    excluded_work_types: frozenset[UUID] = frozenset()
    is_default: bool = False
    covers_children: bool = False


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where and when work happened; `ancestor_ids` are the companies above, the nearest first."""

    company_id: UUID
    date: datetime.date
    work_type_id: UUID | None = None
    contract_id: UUID | None = None
    asset_id: UUID | None = None
    site_id: UUID | None = None
    ancestor_ids: Sequence[UUID] = ()


def chosen(candidates: Collection[Candidate], place: Place) -> Candidate | None:
    """Return the contract: the ticket's, the asset's, the site's, the company's default, the parent's if inherited.

    One that isn't in force on the date, or leaves the type of work out, is passed over. Of several the latest holds.
    """
    usable = sorted(
        (one for one in candidates if _in_force(one, place)),
        key=lambda one: (one.starts_on, one.number),
        reverse=True,
    )
    own = [one for one in usable if one.company_id == place.company_id]
    steps = [
        [one for one in usable if one.id == place.contract_id],
        [one for one in usable if place.asset_id is not None and place.asset_id in one.asset_ids],
        [one for one in own if place.site_id is not None and one.site_id == place.site_id],
        [one for one in own if one.is_default and one.site_id is None],
    ]
    steps += [
        [one for one in usable if one.company_id == ancestor and one.is_default and one.covers_children]
        for ancestor in place.ancestor_ids
    ]
    return next((step[0] for step in steps if step), None)


def _in_force(one: Candidate, place: Place) -> bool:
    return (
        one.starts_on <= place.date
        and (one.ends_on is None or place.date <= one.ends_on)
        and (place.work_type_id is None or place.work_type_id not in one.excluded_work_types)
    )
