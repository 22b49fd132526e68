"""How companies, contacts and sites look in the console."""

from psa_sdk.ui import ListFilter, ResourceView, Ui

UI = Ui(
    views=(
        ResourceView(
            resource="companies",
            icon="building-2",
            columns=("name", "company_type", "status", "account_manager", "industry", "phone", "updated_at"),
            summary=("company_type", "status", "industry", "account_manager"),
            tones={
                "client": "blue",
                "prospect": "amber",
                "vendor": "violet",
                "partner": "teal",
                "inactive": "gray",
            },
            group="clients",
            order=10,
            hotkey="g c",
        ),
        ResourceView(
            resource="contacts",
            icon="users-round",
            columns=("name", "company", "email", "phone", "contact_type", "updated_at"),
            summary=("company", "title", "email", "phone"),
            tones={"primary": "green", "technical": "blue", "billing": "violet"},
            hidden=("is_portal_user",),
            fields=("first_name", "last_name", "company", "email", "phone", "mobile", "title", "department"),
            group="clients",
            order=20,
        ),
        ResourceView(
            resource="sites",
            icon="map-pin",
            columns=("name", "company", "phone", "is_primary", "updated_at"),
            fields=("name", "company", "phone"),
            group="clients",
            order=30,
        ),
        ResourceView(resource="contact-emails", singular="E-mail address", icon="mail"),
        ResourceView(resource="company-domains", singular="Mail domain", icon="globe"),
        ResourceView(resource="contact-merges", icon="merge"),
    ),
    filters=(
        ListFilter(resource="companies", name="company_type"),
        ListFilter(resource="contacts", name="contact_type"),
    ),
)
