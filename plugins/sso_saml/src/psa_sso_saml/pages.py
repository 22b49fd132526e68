"""Single sign-on in the console: providers among the settings."""

from psa_sdk.ui import Action, ListFilter, Panel, ResourceView, SettingsSection, Ui
from psa_sso_saml import panels
from psa_sso_saml.api import PROVIDERS
from psa_sso_saml.routes import UPDATE

READ = "sso_saml.saml_providers.read"

UI = Ui(
    views=(
        ResourceView(
            resource=PROVIDERS,
            singular="SAML provider",
            icon="shield-check",
            columns=("name", "audience", "idp_entity_id", "is_active"),
            summary=("audience", "idp_entity_id"),
            hidden=("certificate", "next_certificate"),
            fields=(
                "name",
                "audience",
                "idp_entity_id",
                "idp_sso_url",
                "email_attribute",
                "name_attribute",
                "groups_attribute",
                "default_role",
                "position",
                "email_domains",
                "links_by_email",
                "creates_accounts",
                "trusts_email",
                "is_active",
                "idp_certificates",
                "group_roles",
            ),
        ),
    ),
    settings=(
        SettingsSection(
            id=PROVIDERS,
            title="SAML",
            url=f"/{PROVIDERS}",
            permission=READ,
            group="system",
            icon="shield-check",
            keywords="sso single sign-on adfs shibboleth",
            order=41,
        ),
    ),
    panels=(
        Panel(
            slot="saml-provider.side",
            id="sso_saml.registration",
            title="At the provider",
            template="sso_saml/registration.html",
            load=panels.registration,
            permission=READ,
            icon="shield-check",
        ),
    ),
    actions=(
        Action(path="/saml-providers/{id:uuid}/import", permission=UPDATE, handle=panels.take_over),
        Action(path="/saml-providers/{id:uuid}/next-key", permission=UPDATE, handle=panels.prepare_key),
        Action(path="/saml-providers/{id:uuid}/next-key/use", permission=UPDATE, handle=panels.use_key),
    ),
    filters=(ListFilter(resource=PROVIDERS, name="audience"),),
    styles=("sso_saml.css",),
)
