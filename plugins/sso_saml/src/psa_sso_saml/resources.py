"""Identity providers as the API shows them."""

from psa_sdk import Resource, ToOne
from psa_sso_saml import rules, shapes
from psa_sso_saml.api import PROVIDERS, SAML_PROVIDERS
from psa_sso_saml.tables import Provider

providers = Resource(
    name=PROVIDERS,
    title="SAML providers",
    description="Identity providers that let the organisation's people in.",
    table=Provider,
    read=shapes.ProviderRead,
    write=shapes.ProviderWrite,
    relations=(ToOne("default_role", "roles", Provider.default_role),),
    filters=(Provider.name, Provider.audience, Provider.is_active),
    sorts=(Provider.position, Provider.name, Provider.created_at),
    default_sort="position",
    label=Provider.name,
    before_create=rules.write_provider,
    before_update=rules.write_provider,
    before_delete=SAML_PROVIDERS.forget_people,
)

ALL = (providers,)
