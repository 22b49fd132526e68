"""Contracts, items, rate cards and hours as the API shows them."""

from psa_contracts import card_rules, contract_rules, hour_rules, item_rules, shapes
from psa_contracts.charge_tables import Charge, QuantityCount
from psa_contracts.hour_tables import HourEntry, HourGrant
from psa_contracts.tables import (
    Contract,
    ContractItem,
    ContractTerm,
    ContractVersion,
    CoveredAsset,
    ExcludedWork,
    ItemRevision,
    RateCard,
    RateCardItem,
    RateCardVersion,
)
from psa_sdk import Derived, ManyToMany, Resource, ToMany, ToOne, Who
from psa_sdk.resources import ApiVerb
from psa_sdk.tables import Condition, QueryString

NUMBER = "('C' || lpad({row}.number::text, greatest(5, length({row}.number::text)), '0'))"
READ_ONLY: frozenset[ApiVerb] = frozenset(("list", "get"))


def own_contracts(who: Who) -> Condition | QueryString:
    """Client administrators see what their company has agreed to; drafts are the provider's business."""
    if not who.client_admin:
        return Contract.id.is_null()
    return (Contract.company == who.company_id) & (Contract.status != "draft")


def of_own_contracts(table: str, who: Who) -> Condition | QueryString:
    """What belongs to the contracts that a client administrator sees."""
    return QueryString(
        f'"{table}".contract IN (SELECT c.id FROM contracts.contract c WHERE c.tenant_id = psa.current_tenant()'
        " AND c.company = {} AND c.status <> 'draft' AND {})",
        who.company_id,
        who.client_admin,
    )


contracts = Resource(
    name="contracts",
    title="Contracts",
    description="What was agreed with a company.",
    table=Contract,
    read=shapes.ContractRead,
    write=shapes.ContractWrite,
    derived=(Derived("contract_number", NUMBER),),
    relations=(
        ToOne("company", "companies", Contract.company, required=True, inverse="contracts"),
        ToOne("site", "sites", Contract.site, inverse="contracts"),
        ToOne("rate_card", "rate-cards", Contract.rate_card, inverse="contracts"),
        ToOne("signed_by", "contacts", Contract.signed_by, writable=False),
        ToMany("items", "contract-items", ContractItem.contract, create=True),
        ToMany("hour-grants", "hour-grants", HourGrant.contract, create=True),
        ManyToMany("excluded_work_types", "work-types", ExcludedWork.contract, ExcludedWork.work_type),
        ManyToMany("assets", "assets", CoveredAsset.contract, CoveredAsset.asset, inverse="contracts"),
        ToMany("comments", "comments", create=True),
        ToMany("attachments", "attachments"),
    ),
    filters=(
        Contract.number,
        Contract.name,
        Contract.company,
        Contract.site,
        Contract.contract_type,
        Contract.status,
        Contract.start_date,
        Contract.end_date,
        Contract.auto_renew,
        Contract.is_default,
        Contract.rate_card,
        Contract.labour,
    ),
    sorts=(Contract.number, Contract.name, Contract.start_date, Contract.end_date, Contract.created_at),
    default_sort="-created_at",
    search=(NUMBER, Contract.name, Contract.po_number),
    label=Contract.name,
    custom_fields=True,
    portal=own_contracts,
    portal_hidden=(
        "notes",
        "custom_fields",
        "comments",
        "rate_card",
        "excluded_work_types",
        "cancellation_reason",
        "unapproved_time",
        "activity",
    ),
    before_create=contract_rules.write_new,
    before_update=contract_rules.write_edit,
    before_delete=contract_rules.write_delete,
    after_write=contract_rules.follow,
)

items = Resource(
    name="contract-items",
    title="Contract items",
    table=ContractItem,
    read=shapes.ItemRead,
    write=shapes.ItemWrite,
    derived=(
        Derived("total_price", "({row}.quantity * {row}.unit_price)"),
        Derived("included_hours", "round({row}.included_minutes / 60.0, 2)"),
    ),
    relations=(
        ToOne("contract", "contracts", ContractItem.contract, required=True, inverse="items"),
        ToOne("work_type", "work-types", ContractItem.work_type),
    ),
    filters=(ContractItem.contract, ContractItem.item_type, ContractItem.counter),
    sorts=(ContractItem.sort_order, ContractItem.name, ContractItem.created_at),
    default_sort="sort_order",
    label=ContractItem.name,
    portal=lambda who: of_own_contracts("item", who),
    before_create=item_rules.write_new,
    before_update=item_rules.write_edit,
    before_delete=item_rules.write_delete,
    after_write=item_rules.follow,
)

revisions = Resource(
    name="contract-item-revisions",
    title="Revisions of items",
    table=ItemRevision,
    read=shapes.RevisionRead,
    verbs=READ_ONLY,
    relations=(ToOne("item", "contract-items", ItemRevision.item, inverse="revisions", writable=False),),
    filters=(ItemRevision.item, ItemRevision.effective_on),
    sorts=(ItemRevision.sequence, ItemRevision.effective_on, ItemRevision.created_at),
    default_sort="-sequence",
)

terms = Resource(
    name="contract-terms",
    title="Terms",
    table=ContractTerm,
    read=shapes.TermRead,
    verbs=READ_ONLY,
    relations=(
        ToOne("contract", "contracts", ContractTerm.contract, inverse="contract-terms", writable=False),
    ),
    filters=(ContractTerm.contract,),
    sorts=(ContractTerm.number, ContractTerm.created_at),
    default_sort="number",
    portal=lambda who: of_own_contracts("term", who),
)

versions = Resource(
    name="contract-versions",
    title="Versions of contracts",
    table=ContractVersion,
    read=shapes.VersionRead,
    verbs=READ_ONLY,
    relations=(ToOne("contract", "contracts", ContractVersion.contract, inverse="versions", writable=False),),
    filters=(ContractVersion.contract, ContractVersion.cause),
    sorts=(ContractVersion.number, ContractVersion.created_at),
    default_sort="-number",
)

cards = Resource(
    name="rate-cards",
    title="Rate cards",
    table=RateCard,
    read=shapes.CardRead,
    write=shapes.CardWrite,
    relations=(ToMany("versions", "rate-card-versions", RateCardVersion.rate_card, create=True),),
    filters=(RateCard.name, RateCard.is_default),
    sorts=(RateCard.name, RateCard.created_at),
    default_sort="name",
    search=(RateCard.name,),
    label=RateCard.name,
    before_create=card_rules.replace_default,
    before_update=card_rules.replace_default,
    before_delete=card_rules.keep_used_card,
)

card_versions = Resource(
    name="rate-card-versions",
    title="Versions of rate cards",
    table=RateCardVersion,
    read=shapes.CardVersionRead,
    write=shapes.CardVersionWrite,
    relations=(
        ToOne("rate_card", "rate-cards", RateCardVersion.rate_card, required=True, inverse="versions"),
        ToMany("items", "rate-card-items", RateCardItem.version_of_card, create=True),
    ),
    filters=(RateCardVersion.rate_card, RateCardVersion.starts_on),
    sorts=(RateCardVersion.starts_on, RateCardVersion.created_at),
    default_sort="-starts_on",
    before_update=card_rules.keep_begun_version,
    before_delete=card_rules.keep_begun_version,
)

card_items = Resource(
    name="rate-card-items",
    title="Rates",
    table=RateCardItem,
    read=shapes.CardItemRead,
    write=shapes.CardItemWrite,
    relations=(
        ToOne(
            "card_version", "rate-card-versions", RateCardItem.version_of_card, required=True, inverse="items"
        ),
        ToOne("work_type", "work-types", RateCardItem.work_type),
    ),
    filters=(RateCardItem.version_of_card, RateCardItem.work_type),
    sorts=(RateCardItem.created_at,),
    default_sort="created_at",
    before_create=card_rules.write_rate,
    before_update=card_rules.write_rate,
    before_delete=card_rules.write_rate,
)

grants = Resource(
    name="hour-grants",
    title="Hours",
    table=HourGrant,
    read=shapes.GrantRead,
    write=shapes.GrantWrite,
    verbs=frozenset(("list", "get", "create")),
    relations=(
        ToOne("contract", "contracts", HourGrant.contract, required=True, inverse="hour-grants"),
        ToOne("item", "contract-items", HourGrant.item, inverse="hour-grants", writable=False),
        ToOne("work_type", "work-types", HourGrant.work_type),
    ),
    filters=(HourGrant.contract, HourGrant.item, HourGrant.kind, HourGrant.expires_on),
    sorts=(HourGrant.valid_from, HourGrant.created_at),
    default_sort="-valid_from",
    portal=lambda who: of_own_contracts("hour_grant", who),
    before_create=hour_rules.write_new,
    after_write=hour_rules.follow,
    unaudited=("balance_minutes",),
)

hour_entries = Resource(
    name="hour-entries",
    title="Hour ledger",
    table=HourEntry,
    read=shapes.HourEntryRead,
    verbs=READ_ONLY,
    relations=(
        ToOne("contract", "contracts", HourEntry.contract, inverse="hour-entries", writable=False),
        ToOne("grant", "hour-grants", HourEntry.hour_grant, inverse="entries", writable=False),
    ),
    filters=(HourEntry.contract, HourEntry.hour_grant, HourEntry.kind, HourEntry.source_id),
    sorts=(HourEntry.created_at,),
    default_sort="-created_at",
)

charges = Resource(
    name="contract-charges",
    title="Charges",
    table=Charge,
    read=shapes.ChargeRead,
    verbs=READ_ONLY,
    relations=(
        ToOne("contract", "contracts", Charge.contract, inverse="charges", writable=False),
        ToOne("item", "contract-items", Charge.item, inverse="charges", writable=False),
        ToOne("invoice", "invoices", Charge.invoice, inverse="contract-charges", writable=False),
    ),
    filters=(Charge.contract, Charge.item, Charge.period_start, Charge.invoice),
    sorts=(Charge.period_start, Charge.created_at),
    default_sort="-period_start",
)

counts = Resource(
    name="quantity-counts",
    title="Counted quantities",
    table=QuantityCount,
    read=shapes.CountRead,
    verbs=READ_ONLY,
    relations=(ToOne("item", "contract-items", QuantityCount.item, inverse="counts", writable=False),),
    filters=(QuantityCount.item, QuantityCount.counted_on),
    sorts=(QuantityCount.counted_on, QuantityCount.created_at),
    default_sort="-counted_on",
)

ALL = (
    contracts,
    items,
    revisions,
    terms,
    versions,
    cards,
    card_versions,
    card_items,
    grants,
    hour_entries,
    charges,
    counts,
)
