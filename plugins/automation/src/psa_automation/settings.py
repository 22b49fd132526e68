"""The settings of automation."""

from datetime import time
from typing import Annotated, Literal

from msgspec import Meta

from psa_automation.business_hours import Hours, days_of
from psa_sdk import Context, Settings

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
Clock = Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]


class AutomationSettings(Settings, frozen=True, kw_only=True):
    """When time counts where nobody keeps calendars, and how long the log is kept."""

    business_start: Annotated[Clock, Meta(title="Business hours from")] = "09:00"
    business_end: Annotated[Clock, Meta(title="Business hours until")] = "17:00"
    business_days: Annotated[tuple[Weekday, ...], Meta(title="Business days")] = (
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
    )
    log_days: Annotated[int, Meta(ge=7, le=3650, title="Keep the log of rules for days")] = 180

    def hours(self, ctx: Context) -> Hours:
        """Return the business hours in the tenant's zone."""
        return Hours(
            time.fromisoformat(self.business_start),
            time.fromisoformat(self.business_end),
            days_of(self.business_days),
            ctx.timezone,
        )
