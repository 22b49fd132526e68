"""What is checked and completed whenever a company, contact, address, domain or site is written."""

from psa_contacts import addresses, portal_accounts
from psa_contacts.email_addresses import PUBLIC_DOMAINS, check_address, normalise_domain
from psa_contacts.hierarchy import check_parent
from psa_contacts.phones import check_phone
from psa_contacts.primaries import promote_oldest, settle_primary
from psa_contacts.settings import ContactsSettings
from psa_sdk import Change, Context
from psa_sdk.errors import Fault, Invalid
from psa_sdk.values import zone_names

EMAIL = "/data/attributes/email"


async def check_details(ctx: Context, change: Change) -> list[Fault]:
    """Bring telephone numbers to E.164 and check the zone; return what is wrong."""
    faults: list[Fault] = []
    numbers = [column for column in ("phone", "mobile") if change.new.get(column)]
    if numbers:
        region = (await ctx.settings(ContactsSettings)).default_region
        for column in numbers:
            change.new[column], fault = check_phone(change.new[column], region, f"/data/attributes/{column}")
            faults += [fault] if fault else []
    zone = change.new.get("timezone")
    if zone and zone not in zone_names():
        detail = f"{zone!r} is not a time zone; use an IANA name such as America/New_York."
        faults.append(Fault(detail=detail, code="invalid_timezone", pointer="/data/attributes/timezone"))
    return faults


def refuse(faults: list[Fault]) -> None:
    """Raise all faults at once, if there are any."""
    if faults:
        raise Invalid(faults=faults)


async def write_company(ctx: Context, change: Change) -> None:
    """Check a company before it is written."""
    refuse(await check_details(ctx, change))
    parent = change.new.get("parent")
    if parent is not None and change.changes("parent"):
        await check_parent(ctx, change.id, parent)


async def write_contact(ctx: Context, change: Change) -> None:
    """Check a contact before it is written, and whether it is the company's primary one."""
    faults = await check_details(ctx, change)
    if not (change.value("first_name") or change.value("last_name")):
        faults.append(
            Fault(
                detail="A contact needs a first or a last name.",
                code="name_required",
                pointer="/data/attributes/first_name",
            )
        )
    if change.new.get("email"):
        change.new["email"], fault = check_address(change.new["email"], EMAIL)
        faults += [fault] if fault else []
    if change.new.get("is_primary") and change.value("company") is None:
        detail = "Only a contact of a company can be its primary contact; set the company too."
        faults.append(Fault(detail=detail, code="company_required", pointer="/data/relationships/company"))
    refuse(faults)
    if change.new.get("email") and change.changes("email"):
        await addresses.refuse_taken(
            ctx, change.new["email"], change.id, EMAIL, offer=change.verb == "create"
        )
    await settle_primary(ctx, change)


async def after_contact(ctx: Context, change: Change) -> None:
    """Keep what hangs on a contact in step with it."""
    await addresses.follow_contact(ctx, change)
    await promote_oldest(ctx, change)
    await portal_accounts.follow_contact(ctx, change)


async def write_domain(ctx: Context, change: Change) -> None:
    """Check a company's mail domain; public mail services belong to nobody (CRM-04)."""
    if "domain" not in change.new:
        return
    domain = normalise_domain(change.new["domain"].removeprefix("@"))
    if domain in PUBLIC_DOMAINS:
        detail = f"{domain} is a public mail service; its addresses don't tell the company."
        refuse([Fault(detail=detail, code="public_domain", pointer="/data/attributes/domain")])
    if "." not in domain:
        detail = f"{domain!r} is not a mail domain; write it like example.com."
        refuse([Fault(detail=detail, code="invalid_domain", pointer="/data/attributes/domain")])
    change.new["domain"] = domain


async def write_site(ctx: Context, change: Change) -> None:
    """Check a site and whether it is the company's primary one."""
    refuse(await check_details(ctx, change))
    await settle_primary(ctx, change)
