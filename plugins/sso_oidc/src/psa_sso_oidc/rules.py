"""What is checked and completed when somebody sets a provider up."""

from urllib.parse import urlsplit

from psa_sdk import Change, Context
from psa_sdk.errors import Fault, Invalid, Problem
from psa_sdk.network import Network
from psa_sdk.sign_in import ExternalIdentities
from psa_sso_oidc.presets import PRESETS, issuer_problem
from psa_sso_oidc.remembered import forget

ATTRIBUTES = "/data/attributes"


async def write_provider(ctx: Context, change: Change) -> None:
    """Check a provider before it is created or updated; what its kind tells needn't be said."""
    known = PRESETS[change.value("preset")]
    if change.verb == "create":
        blank = {"groups_claim": known.groups_claim, "scopes": known.scopes}
        if "<" not in known.issuer:
            blank["issuer"] = known.issuer
        change.new.update({name: value for name, value in blank.items() if not change.new.get(name)})
    elif change.changes("audience"):
        raise _fault("audience", "A provider keeps its audience; set up another one.", "fixed")
    if "scopes" in change.new:
        asked = change.new["scopes"].split() or known.scopes.split()
        change.new["scopes"] = " ".join(dict.fromkeys(("openid", *asked)))
    if "email_domains" in change.new:
        change.new["email_domains"] = list(dict.fromkeys(one.lower() for one in change.new["email_domains"]))
    if change.value("audience") == "portal" and change.value("creates_accounts"):
        raise _fault(
            "creates_accounts",
            "A client's account belongs to a contact: open it in the portal, and let the address link it.",
            "portal_accounts_are_opened",
        )
    await _check_roles(ctx, change)
    await _check_issuer(ctx, change)


async def forget_provider(ctx: Context, change: Change) -> None:
    """Read the provider anew when it was set up again."""
    forget(ctx.tenant_id, change.value("issuer"))


async def _check_roles(ctx: Context, change: Change) -> None:
    """Refuse roles that don't exist, are the other audience's or give more than whoever maps them holds."""
    mapped: dict[str, list[str]] = change.new.get("group_roles") or {}
    wanted = {role for roles in mapped.values() for role in roles}
    audience = change.value("audience")
    known = await ctx.as_system().records.find("roles")
    default = change.new.get("default_role")
    keys = {row["key"] for row in known if row["audience"] == audience}
    if missing := sorted(wanted - keys):
        raise _fault("group_roles", f"There is no {audience} role {', '.join(missing)}.", "unknown_role")
    if default is not None:
        [key] = [row["key"] for row in known if row["id"] == default]
        if key not in keys:
            raise _fault("default_role", f"{key} is no {audience} role.", "unknown_role")
        wanted.add(key)
    if wanted:
        await ctx.service(ExternalIdentities).require_grantable(wanted)


async def _check_issuer(ctx: Context, change: Change) -> None:
    if not (change.changes("issuer") or change.changes("preset")):
        return
    issuer: str = change.value("issuer")
    problem = issuer_problem(change.value("preset"), issuer)
    if problem:
        raise _fault("issuer", problem, "issuer_malformed")
    parts, network = urlsplit(issuer), ctx.service(Network)
    try:
        addresses = await network.addresses(parts.hostname or "", parts.port or 443)
    except ValueError as error:
        raise _fault("issuer", f"{issuer} has no port of a server.", "issuer_malformed") from error
    except Problem as refused:
        raise _fault("issuer", str(refused), refused.code) from refused
    if parts.scheme != "https" and not all(map(network.is_opened, addresses)):
        raise _fault(
            "issuer", "Without TLS anybody on the way could log in; use https://.", "issuer_insecure"
        )


def _fault(name: str, detail: str, code: str) -> Invalid:
    return Invalid(faults=[Fault(detail=detail, code=code, pointer=f"{ATTRIBUTES}/{name}")])
