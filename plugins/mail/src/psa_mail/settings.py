"""The settings of mail."""

from typing import Annotated, Literal

from msgspec import Meta

from psa_sdk import Settings

MIB = 1024 * 1024


class MailSettings(Settings, frozen=True, kw_only=True):
    """How mail becomes tickets and tickets become mail."""

    reopen_days: Annotated[
        int,
        Meta(
            ge=0,
            le=365,
            title="Days in which a reply reopens a resolved ticket",
            description="Later ones open a new ticket",
        ),
    ] = 7
    gather_seconds: Annotated[
        int,
        Meta(ge=0, le=600, title="Seconds in which notes of a ticket are gathered into one mail"),
    ] = 60
    acknowledged_sources: Annotated[
        tuple[Literal["email", "portal", "phone", "api", "chat", "rmm"], ...],
        Meta(title="Acknowledge new tickets that came by"),
    ] = ("email", "portal")
    tells_when_resolved: Annotated[bool, Meta(title="Tell the requester when a ticket is resolved")] = True
    mails_watchers: Annotated[
        bool, Meta(title="Mail notes to staff who watch a ticket or have it in hand")
    ] = True
    strips_quotes: Annotated[bool, Meta(title="Show replies without what they quote")] = True
    max_part_mib: Annotated[int, Meta(ge=1, le=100, title="Largest part of a mail that is kept, in MiB")] = 25
    signature: Annotated[str, Meta(max_length=4000, title="Below every reply", description="Markdown")] = ""
