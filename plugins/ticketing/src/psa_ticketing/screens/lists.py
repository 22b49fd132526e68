"""The desk's lists as menus show them, read in one statement."""

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

import msgspec

from psa_sdk import Context

ICONS: Final[Mapping[str, str]] = {
    "new": "circle-dashed",
    "open": "circle-dot",
    "waiting_customer": "hourglass",
    "waiting_third_party": "hourglass",
    "scheduled": "calendar-clock",
    "resolved": "circle-check",
    "closed": "archive",
    "merged": "merge",
    "spam": "ban",
}
"""By the category of a status; colour alone says nothing."""

ENTRIES = """
SELECT 'status' AS list, id, name, color, category, sort_order, NULL::uuid AS parent FROM ticketing.status
UNION ALL SELECT 'priority', id, name, color, '', sort_order, NULL FROM ticketing.priority
UNION ALL SELECT 'ticket_type', id, name, 'slate', '', sort_order, NULL FROM ticketing.ticket_type
UNION ALL SELECT 'queue', id, name, 'slate', '', sort_order, NULL FROM ticketing.queue WHERE is_active
UNION ALL SELECT 'category', id, name, 'slate', '', sort_order, parent FROM ticketing.category
ORDER BY sort_order, name"""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of one of the desk's lists; `category` is a status's."""

    id: UUID
    name: str
    color: str
    category: str
    sort_order: int
    parent: UUID | None

    @property
    def icon(self) -> str:
        """The sign of a status."""
        return ICONS.get(self.category, "")


async def entries(ctx: Context) -> Mapping[str, Sequence[Entry]]:
    """Return statuses, priorities, types, queues and categories by what tickets call them."""
    found: dict[str, list[Entry]] = {}
    for row in await ctx.db.fetch(ENTRIES):
        values = {name: row[name] for name in Entry.__struct_fields__}
        found.setdefault(row["list"], []).append(Entry(**values))
    return found
