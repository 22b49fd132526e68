"""What is checked and completed when somebody sets a provider up."""

from psa_sdk import Change, Context
from psa_sdk.admission import check_admission
from psa_sdk.errors import Fault, Invalid, Problem
from psa_sdk.network import Network, require_safe
from psa_sso_oidc.api import OIDC_PROVIDERS
from psa_sso_oidc.presets import PRESETS, issuer_problem
from psa_sso_oidc.remembered import forget

ATTRIBUTES = "/data/attributes"
_ANCHORS = ("issuer", "trusts_email", "groups_claim")


async def write_provider(ctx: Context, change: Change) -> None:
    """Check a provider before it is created or updated; what its kind tells needn't be said."""
    known = PRESETS[change.value("preset")]
    if change.verb == "create":
        blank = {"groups_claim": known.groups_claim, "scopes": known.scopes}
        if "<" not in known.issuer:
            blank["issuer"] = known.issuer
        change.new.update({name: value for name, value in blank.items() if not change.new.get(name)})
    if "scopes" in change.new:
        asked = change.new["scopes"].split() or known.scopes.split()
        change.new["scopes"] = " ".join(dict.fromkeys(("openid", *asked)))
    await check_admission(ctx, change, key=OIDC_PROVIDERS.key_of(change.id), anchors=_ANCHORS)
    _check_secret(change)
    await _check_issuer(ctx, change)


async def forget_provider(ctx: Context, change: Change) -> None:
    """Read the provider anew when it was set up again."""
    forget(ctx.tenant_id, change.value("issuer"))


def _check_secret(change: Change) -> None:
    """Refuse to send a known secret to another issuer: whoever may write here needn't know it."""
    elsewhere = change.verb == "update" and change.changes("issuer")
    if elsewhere and change.old.get("client_secret") and "client_secret" not in change.new:
        raise _fault(
            "client_secret", "Enter the client secret again: it goes elsewhere now.", "secret_needed"
        )


async def _check_issuer(ctx: Context, change: Change) -> None:
    if not (change.changes("issuer") or change.changes("preset")):
        return
    issuer: str = change.value("issuer")
    problem = issuer_problem(change.value("preset"), issuer)
    if problem:
        raise _fault("issuer", problem, "issuer_malformed")
    try:
        await require_safe(ctx.service(Network), issuer)
    except Problem as refused:
        raise _fault("issuer", str(refused), refused.code) from refused


def _fault(name: str, detail: str, code: str) -> Invalid:
    return Invalid(faults=[Fault(detail=detail, code=code, pointer=f"{ATTRIBUTES}/{name}")])
