"""How companies, contacts and sites look in the console."""

from psa_contacts.screens import dialogs, panels
from psa_sdk.ui import Action, ListFilter, ListPreset, Page, ResourceView, Ui

MERGE_COMPANIES = "contacts.companies.merge"
MERGE, UPDATE = "contacts.contacts.merge", "contacts.contacts.update"

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
            record_template="contacts/company.html",
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
            record_template="contacts/contact.html",
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
        ResourceView(resource="company-merges", icon="merge"),
    ),
    panels=panels.PANELS,
    pages=(
        Page(
            path="/contacts/{id:uuid}/merge-preview",
            template="contacts/merge_preview.html",
            block="preview",
            permission=MERGE,
            load=dialogs.preview_contact,
            title="Merge a duplicate",
        ),
        Page(
            path="/companies/{id:uuid}/merge-preview",
            template="contacts/merge_preview.html",
            block="preview",
            permission=MERGE_COMPANIES,
            load=dialogs.preview_company,
            title="Merge a duplicate",
        ),
    ),
    actions=(
        Action(path="/contacts/{id:uuid}/merge", permission=MERGE, handle=dialogs.merge),
        Action(path="/companies/{id:uuid}/merge", permission=MERGE_COMPANIES, handle=dialogs.merge_company),
        Action(
            path="/companies/{id:uuid}/merges/{merge:uuid}/undo",
            permission=MERGE_COMPANIES,
            handle=dialogs.undo_company_merge,
        ),
        Action(
            path="/contacts/{id:uuid}/merges/{merge:uuid}/undo", permission=MERGE, handle=dialogs.undo_merge
        ),
        Action(
            path="/contacts/{id:uuid}/portal",
            permission="contacts.contacts.grant_portal",
            handle=dialogs.portal,
        ),
        Action(
            path="/contacts/{id:uuid}/anonymise",
            permission="contacts.contacts.anonymise",
            handle=dialogs.anonymise,
        ),
        Action(path="/contacts/{id:uuid}/restore", permission=UPDATE, handle=dialogs.restore_contact),
        Action(
            path="/companies/{id:uuid}/restore",
            permission="contacts.companies.update",
            handle=dialogs.restore_company,
        ),
    ),
    presets=(
        ListPreset(resource="companies", title="Mine", query="account_manager={me}", order=10),
        ListPreset(
            resource="companies", title="Clients", query="company_type=client&status=active", order=20
        ),
        ListPreset(resource="companies", title="Prospects", query="company_type=prospect", order=30),
        ListPreset(resource="contacts", title="Primary contacts", query="is_primary=true", order=10),
        ListPreset(resource="contacts", title="Portal users", query="is_portal_user=true", order=20),
    ),
    filters=(
        ListFilter(resource="companies", name="company_type"),
        ListFilter(resource="contacts", name="contact_type"),
    ),
)
