"""What is checked and completed when somebody sets a provider up."""

from urllib.parse import urlsplit

from psa_sdk import Change, Context
from psa_sdk.admission import check_admission
from psa_sdk.errors import Fault, Invalid
from psa_sso_saml.api import SAML_PROVIDERS
from psa_sso_saml.keys import new_key
from psa_sso_saml.signatures import certificates

ATTRIBUTES = "/data/attributes"
_ANCHORS = ("idp_entity_id", "idp_certificates", "email_attribute", "groups_attribute", "trusts_email")


async def write_provider(ctx: Context, change: Change) -> None:
    """Check a provider before it is created or updated; a new one gets a key of ours."""
    await check_admission(ctx, change, key=SAML_PROVIDERS.key_of(change.id), anchors=_ANCHORS)
    url = change.new.get("idp_sso_url")
    if url:
        parts = urlsplit(url)
        if parts.scheme not in {"https", "http"} or not parts.hostname or parts.fragment:
            raise _fault("idp_sso_url", "Where people log in is an https:// address.", "url_malformed")
    if change.new.get("idp_certificates"):
        try:
            certificates(change.new["idp_certificates"])
        except ValueError as error:
            raise _fault(
                "idp_certificates",
                "Paste certificates as PEM: -----BEGIN CERTIFICATE----- and so on.",
                "certificate_malformed",
            ) from error
    if change.verb == "create":
        change.new["private_key"], change.new["certificate"] = await new_key(ctx.now)


def _fault(name: str, detail: str, code: str) -> Invalid:
    return Invalid(faults=[Fault(detail=detail, code=code, pointer=f"{ATTRIBUTES}/{name}")])
