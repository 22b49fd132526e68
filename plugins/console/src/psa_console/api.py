"""What the console offers to other plugins: notifying a member of staff, and the frame of pages of settings.

Such a page extends `console/settings.html`, fills its block `section`, and gives it `groups` and `section_id`.
"""

from typing import Protocol
from uuid import UUID

from psa_console.settings import navigation as settings_navigation

__all__ = ["Inbox", "settings_navigation"]


class Inbox(Protocol):
    """The notifications of staff: shown at the bell, live, until they are read."""

    async def tell(
        self,
        account: UUID,
        kind: str,
        subject: tuple[str, UUID],
        title: str,
        *,
        detail: str = "",
        own: bool = False,
    ) -> None:
        """Notify a person of something about a record, once until they have read it.

        `kind` is an identifier such as `ticket_assigned`, shown as words; `title` says what it is about. Nobody is
        told of their own doing, nor a disabled account (NTF-01); `own` tells even who caused it, of what they can't
        have seen: a mail of theirs that came back.
        """
        ...
