"""Identity providers as the API shows them."""

from psa_sdk import Derived, Resource, ToOne
from psa_sso_oidc import rules, shapes
from psa_sso_oidc.api import OIDC_PROVIDERS, PROVIDERS
from psa_sso_oidc.tables import Provider

providers = Resource(
    name=PROVIDERS,
    title="OpenID Connect providers",
    description="Identity providers that let the organisation's people in.",
    table=Provider,
    read=shapes.ProviderRead,
    write=shapes.ProviderWrite,
    relations=(ToOne("default_role", "roles", Provider.default_role),),
    derived=(
        Derived(
            "callback_path",
            "CASE {row}.audience WHEN 'portal' THEN '/portal' ELSE '/ui' END"
            " || '/sso/oidc/' || {row}.id::text || '/callback'",
        ),
    ),
    filters=(Provider.name, Provider.audience, Provider.preset, Provider.is_active),
    sorts=(Provider.position, Provider.name, Provider.created_at),
    default_sort="position",
    label=Provider.name,
    before_create=rules.write_provider,
    before_update=rules.write_provider,
    before_delete=OIDC_PROVIDERS.forget_people,
    after_write=rules.forget_provider,
)

ALL = (providers,)
