"""What the console offers to other plugins: telling a member of staff about something."""

from typing import Protocol
from uuid import UUID


class Inbox(Protocol):
    """The notifications of staff: shown at the bell, live, until they are read."""

    async def tell(
        self, account: UUID, kind: str, subject: tuple[str, UUID], title: str, *, detail: str = ""
    ) -> None:
        """Notify a person of something about a record, once until they have read it.

        `kind` is an identifier such as `ticket_assigned`, shown as words; `title` says what it is about. Nobody is
        told of their own doing, nor a disabled account (NTF-01).
        """
        ...
