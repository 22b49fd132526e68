"""What providers and administrators ask: our metadata and keys, where assertions come in, a provider's metadata."""

from uuid import UUID

from litestar import Response

from psa_sdk import PUBLIC, Context, Record, get, post
from psa_sdk.admission import Refused
from psa_sdk.errors import Conflict, Invalid, Problem
from psa_sdk.network import Network
from psa_sdk.sign_in_pages import PREFIXES, lead, origin_of, refusal
from psa_sdk.web import WebRequest
from psa_sso_saml.api import PROVIDERS, SAML_PROVIDERS
from psa_sso_saml.idp_metadata import read_idp_metadata
from psa_sso_saml.keys import new_key
from psa_sso_saml.logins import acs_path, arrive, entity_of, known_provider
from psa_sso_saml.messages import metadata
from psa_sso_saml.reading import MOST_BYTES
from psa_sso_saml.shapes import IdpMetadata

UPDATE = "sso_saml.saml_providers.update"


@get("/saml-providers/{id:uuid}/metadata", permission=PUBLIC, audience="both", media_type="*/*")
async def show_metadata(ctx: Context, id: UUID) -> Response[bytes]:
    """Return what a provider needs to know of us; its address is also what we are called there."""
    row = await ctx.as_system().records.get(PROVIDERS, id)
    acs = ctx.service(Network).home + acs_path(id)
    certificates = [one for one in (row["certificate"], row["next_certificate"]) if one]
    content = metadata(entity=entity_of(ctx, id), acs=acs, certificates=certificates)
    return Response(content, media_type="application/samlmetadata+xml")


@post(
    "/saml-providers/{id:uuid}/acs",
    permission=PUBLIC,
    audience="both",
    body_types=("application/x-www-form-urlencoded",),
    media_type="*/*",
    idempotent=False,
    own_authorization=True,
    max_body=2 * MOST_BYTES,
)
async def assertion_consumer(ctx: Context, id: UUID, request: WebRequest) -> Response[bytes]:  # pyright: ignore[reportMissingTypeArgument]
    """Take a provider's response from a browser, and lead that to where it comes for it with its own cookie."""
    row = await ctx.as_system().records.get(PROVIDERS, id)
    prefix = PREFIXES[row["audience"]]
    try:
        known = await known_provider(ctx, id, origin_of(ctx, request))
        form = await request.form()
        token = await arrive(ctx, known, str(form.get("SAMLResponse", "")))
    except Problem as problem:
        return refusal(problem, prefix)
    return lead(f"{SAML_PROVIDERS.path(row['audience'], id, 'finish')}?arrived={token}")


@post("/saml-providers/{id:uuid}/import", permission=UPDATE, returns=PROVIDERS, idempotent=False)
async def take_over(ctx: Context, id: UUID, body: IdpMetadata) -> Record:
    """Take a provider's name, address and certificates from its metadata."""
    await ctx.records.get(PROVIDERS, id)
    content = body.document.encode()
    if body.url:
        async with ctx.outside():
            answer = await ctx.service(Network).request("GET", body.url, seconds=5.0)
        if answer.status != 200:
            raise Invalid(f"{body.url} answers {answer.status}.", pointer="/data/attributes/url")
        content = answer.content
    try:
        found = read_idp_metadata(content)
    except Refused as refused:
        raise Invalid(
            f"These aren't metadata of an identity provider: {refused}.",
            code=refused.reason,
            pointer="/data/attributes/document",
        ) from refused
    values = {
        "idp_entity_id": found.entity_id,
        "idp_sso_url": found.sso_url,
        "idp_certificates": found.certificates,
    }
    await ctx.records.update(PROVIDERS, id, values)
    return Record(PROVIDERS, id)


@post(
    "/saml-providers/{id:uuid}/next-key", permission=UPDATE, step_up=True, returns=PROVIDERS, idempotent=False
)
async def prepare_key(ctx: Context, id: UUID) -> Record:
    """Make the key that is to follow ours: our metadata hold both from now on, what is encrypted for either is opened."""
    row = await ctx.records.get(PROVIDERS, id, lock=True)
    if row["next_certificate"]:
        raise Conflict("There is a next key already; use it.", code="key_prepared")
    key, certificate = await new_key(ctx.now)
    await ctx.records.update(PROVIDERS, id, {"next_private_key": key, "next_certificate": certificate})
    return Record(PROVIDERS, id)


@post(
    "/saml-providers/{id:uuid}/next-key/use",
    permission=UPDATE,
    step_up=True,
    returns=PROVIDERS,
    idempotent=False,
)
async def use_key(ctx: Context, id: UUID) -> Record:
    """Let the next key, which the provider knows by now, take the place of ours; the former one is forgotten."""
    row = await ctx.records.get(PROVIDERS, id, lock=True)
    if not row["next_certificate"]:
        raise Conflict("There is no next key; make one first.", code="no_next_key")
    key = await ctx.as_system().reveal(PROVIDERS, id, "next_private_key", shown=False)
    values = {"private_key": key, "certificate": row["next_certificate"]}
    await ctx.records.update(PROVIDERS, id, {**values, "next_private_key": None, "next_certificate": ""})
    return Record(PROVIDERS, id)


ALL = (show_metadata, assertion_consumer, take_over, prepare_key, use_key)
