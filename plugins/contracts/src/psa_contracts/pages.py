"""How contracts look in the console and in the portal."""

from collections.abc import Mapping

from psa_contracts.screens import dialogs, panels, portal
from psa_sdk.ui import (
    Action,
    Command,
    ListFilter,
    ListPreset,
    NavItem,
    Page,
    ResourceView,
    SettingsSection,
    Shell,
    Tone,
    Ui,
)

PORTAL: Shell = "portal"
DECIDE = "contracts.contracts.decide"
TONES: Mapping[str, Tone] = {
    "draft": "gray",
    "active": "green",
    "expired": "amber",
    "cancelled": "red",
    "managed_services": "blue",
    "block_hours": "violet",
    "time_and_materials": "teal",
    "fixed_price": "indigo",
    "warranty": "orange",
    "recurring_service": "blue",
    "retainer": "violet",
    "product": "teal",
    "milestone": "indigo",
    "burned": "amber",
    "granted": "green",
    "returned": "blue",
}

UI = Ui(
    views=(
        ResourceView(
            resource="contracts",
            icon="file-signature",
            columns=(
                "contract_number",
                "name",
                "company",
                "contract_type",
                "status",
                "end_date",
                "billing_amount",
            ),
            summary=("status", "contract_type", "company", "contract_number"),
            hidden=(
                "weighted_burn",
                "overage_multiplied",
                "rounding_increment",
                "rounding_method",
                "rounding_minimum",
                "rounding_scope",
                "top_up_minutes",
                "top_up_price",
                "first_period",
                "after_hours_multiplier",
                "items",
                "hour-grants",
                "hour-entries",
                "contract-terms",
                "versions",
                "charges",
            ),
            fields=(
                "name",
                "company",
                "contract_type",
                "start_date",
                "end_date",
                "billing_cycle",
                "billing_timing",
                "auto_renew",
                "renewal_months",
                "notice_days",
                "uplift_percent",
                "rate_card",
                "labour",
            ),
            tones=TONES,
            group="finance",
            order=10,
            hotkey="g k",
            record_template="contracts/contract.html",
        ),
        ResourceView(
            resource="contract-items",
            icon="list",
            columns=("name", "item_type", "quantity", "unit_price", "included_hours", "contract"),
            summary=("item_type", "contract"),
            tones=TONES,
            fields=(
                "name",
                "contract",
                "item_type",
                "quantity",
                "unit_price",
                "effective_on",
                "included_minutes",
            ),
        ),
        ResourceView(
            resource="rate-cards",
            icon="badge-dollar-sign",
            columns=("name", "is_default", "description", "updated_at"),
        ),
        ResourceView(
            resource="rate-card-versions", singular="Version", icon="history", columns=("starts_on", "note")
        ),
        ResourceView(
            resource="rate-card-items",
            singular="Rate",
            icon="clock",
            columns=("work_type", "hourly_rate", "after_hours_rate", "emergency_rate"),
        ),
        ResourceView(resource="contract-item-revisions", icon="history"),
        ResourceView(resource="contract-terms", icon="calendar-range"),
        ResourceView(
            resource="contract-versions",
            icon="history",
            columns=("number", "cause", "author_name", "created_at"),
        ),
        ResourceView(
            resource="hour-grants",
            singular="Grant of hours",
            icon="hourglass",
            columns=("kind", "minutes", "balance_minutes", "valid_from", "expires_on"),
        ),
        ResourceView(
            resource="hour-entries", icon="hourglass", columns=("kind", "minutes", "grant", "posted_on")
        ),
        ResourceView(
            resource="contract-charges",
            icon="receipt",
            columns=("period_start", "item", "quantity", "unit_price", "amount", "invoice"),
        ),
        ResourceView(resource="quantity-counts", icon="tally-5", columns=("counted_on", "quantity")),
    ),
    pages=(
        Page(
            path="/contracts",
            template="contracts/portal_list.html",
            permission=panels.READ,
            load=portal.agreements,
            title="Contracts",
            shell=PORTAL,
        ),
        Page(
            path="/contracts/{id:uuid}",
            template="contracts/portal_contract.html",
            permission=panels.READ,
            load=portal.agreement,
            title="Contract",
            active="contracts",
            shell=PORTAL,
        ),
    ),
    nav=(
        NavItem(
            id="contracts.portal",
            label="Contracts",
            url="/contracts",
            permission=panels.READ,
            icon="file-signature",
            order=40,
            shell=PORTAL,
        ),
    ),
    actions=(
        Action(path="/contracts/{id:uuid}/activate", permission=DECIDE, handle=dialogs.activate),
        Action(path="/contracts/{id:uuid}/renew", permission=DECIDE, handle=dialogs.renew),
        Action(path="/contracts/{id:uuid}/cancel", permission=DECIDE, handle=dialogs.cancel),
        Action(path="/contracts/{id:uuid}/sign", permission=DECIDE, handle=dialogs.sign),
    ),
    panels=panels.PANELS,
    widgets=panels.WIDGETS,
    filters=(
        ListFilter(resource="contracts", name="status"),
        ListFilter(resource="contracts", name="contract_type"),
    ),
    presets=(
        ListPreset(resource="contracts", title="Active", query="status=active", order=10),
        ListPreset(resource="contracts", title="Drafts", query="status=draft", order=20),
        ListPreset(resource="contracts", title="Ending first", query="status=active&sort=end_date", order=30),
    ),
    commands=(
        Command(
            id="contracts.new",
            title="New contract",
            url="/contracts/new",
            permission="contracts.contracts.create",
            icon="file-signature",
        ),
    ),
    settings=(
        SettingsSection(
            id="rate-cards",
            title="Rate cards",
            url="/rate-cards",
            permission="contracts.rate_cards.read",
            group="finance",
            icon="badge-dollar-sign",
        ),
    ),
    styles=("contracts.css",),
)
