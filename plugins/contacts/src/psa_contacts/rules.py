"""What is checked and completed whenever a company, contact, address, domain or site is written."""

from zoneinfo import available_timezones

from psa_contacts.email_addresses import PUBLIC_DOMAINS, check_address, normalise_address, normalise_domain
from psa_contacts.hierarchy import check_parent
from psa_contacts.phones import check_phone
from psa_contacts.settings import ContactsSettings
from psa_contacts.tables import Contact, ContactEmail, Site
from psa_sdk import Change, Context
from psa_sdk.errors import Conflict, Fault, Invalid
from psa_sdk.tables import And


async def check_details(ctx: Context, change: Change) -> list[Fault]:
    """Bring telephone numbers to E.164 and check the zone; return what is wrong."""
    faults: list[Fault] = []
    region = (await ctx.settings(ContactsSettings)).default_region
    for column in ("phone", "mobile"):
        if change.new.get(column):
            change.new[column], fault = check_phone(change.new[column], region, f"/data/attributes/{column}")
            faults += [fault] if fault else []
    zone = change.new.get("timezone")
    if zone and zone not in available_timezones():
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
    """Check a contact before it is written; a new primary replaces the old one."""
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
        change.new["email"], fault = check_address(change.new["email"], "/data/attributes/email")
        faults += [fault] if fault else await address_taken(ctx, change)
    if change.value("is_primary") and change.value("company") is None:
        detail = "Only a contact of a company can be its primary contact; set the company too."
        faults.append(Fault(detail=detail, code="company_required", pointer="/data/relationships/company"))
    refuse(faults)
    if change.value("is_primary") and (change.changes("is_primary") or change.changes("company")):
        await release_primary(ctx, change)


async def address_taken(ctx: Context, change: Change) -> list[Fault]:
    """Return a fault when another contact already has the address (CRM-03)."""
    wanted = normalise_address(change.new["email"])
    owner = await ctx.db.fetch_one(
        "SELECT e.contact, e.is_active FROM contacts.contact_email e"
        " WHERE e.normalised = $1 AND e.contact <> $2 ORDER BY e.is_active DESC LIMIT 1",
        wanted,
        change.id,
    )
    if owner is None or (not owner["is_active"] and change.verb == "update"):
        return []
    if not owner["is_active"]:
        raise Conflict(
            f"An archived contact has the address {change.new['email']}; restore it, or free the address there.",
            code="archived_contact_has_address",
            pointer="/data/attributes/email",
            meta={
                "contact": str(owner["contact"]),
                "restore": f"/api/v1/contacts/{owner['contact']}/restore",
            },
        )
    raise Conflict(
        f"Another contact already has the address {change.new['email']}.",
        code="already_taken",
        pointer="/data/attributes/email",
        meta={"contact": str(owner["contact"])},
    )


async def release_primary(ctx: Context, change: Change) -> None:
    """Make way for a new primary contact or site of a company; parallel requests take turns."""
    company = change.value("company")
    await ctx.db.lock("contacts.primary", change.resource, company)
    table = Contact if change.resource == "contacts" else Site
    for row in await ctx.records.find(
        change.resource, And(table.company == company, table.is_primary.eq(True))
    ):
        if row["id"] != change.id:
            await ctx.records.update(change.resource, row["id"], {"is_primary": False})


async def leave_primary(_ctx: Context, change: Change) -> None:
    """An archived contact is nobody's primary contact."""
    change.new["is_primary"] = False


async def promote_oldest(ctx: Context, change: Change) -> None:
    """Give a company whose primary contact or site went the next oldest one (CRM-06)."""
    company = change.old.get("company")
    if change.verb != "delete" or not change.old.get("is_primary") or company is None:
        return
    await ctx.db.lock("contacts.primary", change.resource, company)
    table = Contact if change.resource == "contacts" else Site
    rest = await ctx.records.find(change.resource, table.company == company, order="created_at", limit=1)
    if rest:
        await ctx.records.update(change.resource, rest[0]["id"], {"is_primary": True})


async def after_contact(ctx: Context, change: Change) -> None:
    """Keep what hangs on a contact in step with it."""
    await keep_addresses(ctx, change)
    await promote_oldest(ctx, change)


async def keep_addresses(ctx: Context, change: Change) -> None:
    """Mirror a contact's main address into its addresses, and free them while it is archived."""
    rows = await ctx.records.find("contact-emails", ContactEmail.contact == change.id)
    active = change.value("archived_at") is None
    for row in rows:
        if row["is_active"] != active:
            await ctx.records.update("contact-emails", row["id"], {"is_active": active})
    if "email" not in change.new or not change.changes("email"):
        return
    address = change.new["email"]
    wanted = normalise_address(address) if address else None
    found = next((row for row in rows if row["normalised"] == wanted), None)
    for row in rows:
        if row["is_main"] and row is not found:
            await ctx.records.delete("contact-emails", row["id"])
    if found is not None:
        await ctx.records.update("contact-emails", found["id"], {"address": address, "is_main": True})
    elif address:
        values = {"contact": change.id, "address": address, "is_main": True}
        await ctx.records.create("contact-emails", values)


async def write_address(ctx: Context, change: Change) -> None:
    """Check an address and derive the form that is unique."""
    if "address" not in change.new:
        return
    change.new["address"], fault = check_address(change.new["address"], "/data/attributes/address")
    refuse([fault] if fault else [])
    change.new["normalised"] = normalise_address(change.new["address"])


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
    """Check a site; a new primary replaces the old one, the first site becomes primary."""
    refuse(await check_details(ctx, change))
    if change.verb == "create" and "is_primary" not in change.new:
        await ctx.db.lock("contacts.primary", "sites", change.new["company"])
        change.new["is_primary"] = (
            await ctx.records.count("sites", Site.company == change.new["company"]) == 0
        )
    elif change.value("is_primary") and (change.changes("is_primary") or change.changes("company")):
        await release_primary(ctx, change)
