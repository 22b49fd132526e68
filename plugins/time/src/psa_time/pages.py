"""How time looks in the console."""

from psa_sdk.ui import ListPreset, ResourceView, SettingsSection, Ui
from psa_time.screens import clock, week

_LISTS = (
    ("work-types", "Work types", "briefcase"),
    ("rounding-rules", "Rounding rules", "ruler"),
    ("hourly-rates", "Hourly rates", "banknote"),
    ("work-schedules", "Work schedules", "calendar-clock"),
    ("approval-delegations", "Approval delegations", "user-check"),
)

UI = Ui(
    views=(
        ResourceView(
            resource="time-entries",
            singular="Time entry",
            icon="clock",
            columns=("date", "company", "ticket", "user", "work_type", "duration_minutes", "approval_status"),
            summary=("approval_status", "user", "company", "ticket", "date"),
            hidden=("segments", "rounding", "session"),
            fields=("date", "duration_minutes", "start_time", "end_time", "work_type", "company", "ticket"),
            tones={"draft": "gray", "submitted": "blue", "approved": "green"},
            group="service",
            order=40,
            hotkey="g e",
        ),
        ResourceView(
            resource="timesheets",
            singular="Timesheet",
            icon="calendar-days",
            columns=("start_date", "end_date", "user", "status", "submitted_at", "decided_by"),
            summary=("status", "user", "start_date", "end_date"),
            tones={"open": "gray", "submitted": "blue", "approved": "green"},
            group="service",
            order=42,
        ),
        ResourceView(
            resource="timers",
            singular="Timer",
            icon="timer",
            columns=("user", "ticket", "company", "state", "running_since", "needs_review"),
            tones={"running": "green", "paused": "amber", "stopped": "gray"},
        ),
        ResourceView(resource="time-entry-templates", singular="Time entry template", icon="clipboard-list"),
        *(ResourceView(resource=name, icon=icon) for name, _, icon in _LISTS),
    ),
    nav=week.NAV,
    pages=week.PAGES,
    actions=(*clock.ACTIONS, *week.ACTIONS),
    panels=clock.PANELS,
    commands=week.COMMANDS,
    styles=("time.css",),
    presets=(
        ListPreset(resource="time-entries", title="Mine", query="user={me}&sort=-date"),
        ListPreset(
            resource="time-entries",
            title="Not approved",
            query="approval_status=draft&approval_status=submitted",
        ),
        ListPreset(resource="timesheets", title="To decide", query="status=submitted", counted=True),
    ),
    settings=tuple(
        SettingsSection(
            id=name,
            title=title,
            url=f"/{name}",
            permission=f"time.{name.replace('-', '_')}.read",
            group="finance",
            icon=icon,
        )
        for name, title, icon in _LISTS
    ),
)
