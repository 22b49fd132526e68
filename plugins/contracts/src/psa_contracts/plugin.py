"""Contracts."""

from collections.abc import Sequence

from psa_contracts import (
    api,
    charge_tables,
    counters,
    demo,
    hour_tables,
    nightly,
    pages,
    resources,
    routes,
    tables,
)
from psa_contracts.book import StoredAgreementBook
from psa_sdk import Manifest, Permission, hookimpl, provide

PERMISSIONS = (Permission(name=routes.DECIDE, title="Activate, renew, cancel and sign contracts"),)
SEEN = (
    routes.READ,
    "contracts.contract_items.read",
    "contracts.contract_terms.read",
    "contracts.hour_grants.read",
    "contracts.hour_entries.read",
)
OFFICE = (
    *SEEN,
    "contracts.contract_item_revisions.read",
    "contracts.contract_versions.read",
    "contracts.contract_charges.read",
    "contracts.quantity_counts.read",
    "contracts.rate_cards.read",
    "contracts.rate_card_versions.read",
    "contracts.rate_card_items.read",
)
ROLES = {
    "manager": ("contracts.*",),
    "sales": (
        *OFFICE,
        "contracts.contracts.*",
        "contracts.contract_items.*",
    ),
    "finance": (
        *OFFICE,
        "contracts.contracts.update",
        "contracts.contract_items.update",
        "contracts.rate_cards.*",
        "contracts.rate_card_versions.*",
        "contracts.rate_card_items.*",
        "contracts.hour_grants.create",
    ),
    "technician": SEEN,
    "dispatcher": SEEN,
    "client_admin": (
        routes.READ,
        "contracts.contract_items.read",
        "contracts.contract_terms.read",
        "contracts.hour_grants.read",
    ),
}


@hookimpl
def psa_manifest() -> Manifest:
    """Return the table of contents."""
    return Manifest(
        name="contracts",
        title="Contracts",
        description="Contracts, items, rate cards, prepaid hours, renewals.",
        requires=("contacts",),
        enhances=("ticketing", "time"),
        tables=(*tables.AGREEMENTS, *hour_tables.HOURS, *charge_tables.CHARGES),
        resources=resources.ALL,
        routes=routes.ALL,
        permissions=PERMISSIONS,
        roles=ROLES,
        events=api.EVENTS,
        services=(provide(api.AgreementBook, StoredAgreementBook),),
        actors=nightly.ACTORS,
        schedules=nightly.SCHEDULES,
        ui=pages.UI,
        hookspecs=api,
        demo=demo.fill,
    )


@hookimpl
def psa_contracts_counters() -> Sequence[api.Counter]:
    """Return what contracts itself can count."""
    return counters.OWN
