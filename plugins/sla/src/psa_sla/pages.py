"""How business hours, holidays and policies look in the console."""

from psa_sdk.ui import ResourceView, SettingsSection, Ui

_LISTS = (
    ("sla-policies", "SLA policies", "gauge"),
    ("business-hours", "Business hours", "clock"),
    ("holiday-calendars", "Holiday calendars", "calendar-off"),
)

UI = Ui(
    views=(
        ResourceView(
            resource="sla-policies",
            singular="SLA policy",
            icon="gauge",
            columns=("name", "business_hours", "is_default", "warnings", "updated_at"),
            summary=("business_hours",),
            fields=("name", "description", "business_hours", "is_default"),
        ),
        ResourceView(
            resource="sla-targets",
            singular="SLA target",
            icon="target",
            columns=(
                "sla_policy",
                "priority",
                "ticket_type",
                "first_response_hours",
                "resolution_hours",
                "operational_hours",
            ),
        ),
        ResourceView(
            resource="business-hours",
            singular="Business hours",
            icon="clock",
            columns=("name", "timezone", "description", "updated_at"),
        ),
        ResourceView(
            resource="holiday-calendars",
            icon="calendar-off",
            columns=("name", "description", "updated_at"),
        ),
    ),
    settings=tuple(
        SettingsSection(
            id=name,
            title=title,
            url=f"/{name}",
            permission=f"sla.{name.replace('-', '_')}.read",
            group="service",
            icon=icon,
        )
        for name, title, icon in _LISTS
    ),
)
