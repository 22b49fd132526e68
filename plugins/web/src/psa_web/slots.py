"""Slots: what other plugins put on a page, gathered one after the other, each in a savepoint of its own."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec
import structlog
from markupsafe import Markup

from psa_sdk.ui import FormPart, Panel, Widget
from psa_web.here import Here, bound

log = structlog.get_logger("psa.web")


class Filled(msgspec.Struct, frozen=True):
    """A panel or widget with its content; a lazy one has the address of its content instead."""

    panel: Panel | Widget | FormPart
    body: Markup
    lazy: str = ""


async def gathered(place: Here, slots: Sequence[str], subject: UUID | None) -> Mapping[str, Sequence[Filled]]:
    """Return what belongs in the slots of a record's page."""
    found: dict[str, list[Filled]] = {slot: [] for slot in slots}
    panels: list[Panel | FormPart] = [
        *place.site.shown("panels", Panel, place),
        *place.site.shown("form_parts", FormPart, place),
    ]
    for panel in panels:
        if panel.slot in found:
            filled = await fill(place, panel, subject)
            if filled is not None:
                found[panel.slot].append(filled)
    return found


async def fill(
    place: Here, panel: Panel | Widget | FormPart, subject: UUID | None, *, now: bool = False
) -> Filled | None:
    """Return a panel with its content, None when it has nothing to show; a broken one says so and no more."""
    if panel.lazy and not now:
        at = place.url(f"/parts/{panel.id}") + (f"?subject={subject}" if subject else "")
        return Filled(panel, Markup(""), at)
    try:
        async with place.ctx.savepoint():
            with bound(place):
                data = await panel.load(place.ctx, subject)
            if data is None:
                return None
            body = place.site.render(place, panel.template, {**data, "subject": subject})
    except Exception:
        # Whatever is wrong with one plugin's part, the page is somebody's work.
        log.exception("a part of a page failed", part=panel.id)
        body = place.site.render(place, "web/broken_part.html", {"id": panel.id})
    return Filled(panel, Markup(body))  # noqa: S704 - rendered with autoescaping
