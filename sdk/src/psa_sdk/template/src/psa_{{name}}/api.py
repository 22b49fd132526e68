"""What {{title}} offers to other plugins: the only module of it that they may import."""

from typing import ClassVar
from uuid import UUID

from psa_sdk import Event


class EntryDone(Event, frozen=True, kw_only=True):
    """An entry was brought to an end."""

    name: ClassVar[str] = "{{name}}.entry_done"
    entry_id: UUID
    title: str


EVENTS = (EntryDone,)
