"""What a tenant decides about its logs."""

from typing import Annotated

from msgspec import Meta

from psa_sdk.settings import Settings


class AuditSettings(Settings, frozen=True, kw_only=True):
    """The access log: how many reads it keeps, and how long."""

    access_log_days: Annotated[int, Meta(ge=1, le=365, title="Days that requests are kept")] = 30
    access_log_reads: Annotated[
        int,
        Meta(
            ge=0, le=100, title="Percent of successful reads kept", description="Writes and errors always are"
        ),
    ] = 10
