"""What a tenant decides about its logs."""

from typing import Annotated

from msgspec import Meta

from psa_sdk.settings import Settings


class AuditSettings(Settings, frozen=True, kw_only=True):
    """How long the logs keep what, and how many reads the access log keeps."""

    retention_days: Annotated[
        int,
        Meta(
            ge=0,
            le=36_500,
            title="Days that audit entries are kept",
            description="0: for ever; else 90 or more",
        ),
    ] = 0
    legal_hold: Annotated[bool, Meta(title="Legal hold", description="Nothing is removed while it is on")] = (
        False
    )

    access_log_days: Annotated[int, Meta(ge=1, le=365, title="Days that requests are kept")] = 30
    access_log_reads: Annotated[
        int,
        Meta(
            ge=0, le=100, title="Percent of successful reads kept", description="Writes and errors always are"
        ),
    ] = 10

    def __post_init__(self) -> None:
        """Refuse retention below what the database enforces."""
        if 0 < self.retention_days < 90:
            raise ValueError("retention_days is 0 (for ever) or at least 90.")
