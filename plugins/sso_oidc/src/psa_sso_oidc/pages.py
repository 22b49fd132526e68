"""Single sign-on in the console: providers among the settings."""

from psa_sdk.ui import BulkAction, ListFilter, Panel, ResourceView, SettingsSection, Ui
from psa_sso_oidc import panels
from psa_sso_oidc.api import PROVIDERS
from psa_sso_oidc.routes import UPDATE

READ = "sso_oidc.oidc_providers.read"

UI = Ui(
    views=(
        ResourceView(
            resource=PROVIDERS,
            singular="Identity provider",
            icon="log-in",
            columns=("name", "preset", "audience", "issuer", "is_active"),
            summary=("preset", "audience"),
            hidden=("callback_path",),
            fields=(
                "name",
                "preset",
                "audience",
                "issuer",
                "client_id",
                "client_secret",
                "scopes",
                "groups_claim",
                "default_role",
                "position",
                "email_domains",
                "links_by_email",
                "creates_accounts",
                "trusts_email",
                "logs_out",
                "is_active",
                "group_roles",
            ),
        ),
    ),
    settings=(
        SettingsSection(
            id=PROVIDERS,
            title="OpenID Connect",
            url=f"/{PROVIDERS}",
            permission=READ,
            group="system",
            icon="log-in",
            keywords="sso single sign-on entra azure google okta keycloak",
            order=40,
        ),
    ),
    panels=(
        Panel(
            slot="oidc-provider.side",
            id="sso_oidc.registration",
            title="At the provider",
            template="sso_oidc/registration.html",
            load=panels.registration,
            permission=READ,
            icon="log-in",
        ),
    ),
    filters=(ListFilter(resource=PROVIDERS, name="audience"),),
    bulk=(
        BulkAction(
            resource=PROVIDERS,
            id="sso_oidc.check",
            title="Check connection",
            permission=UPDATE,
            handle=panels.check,
            icon="plug-zap",
            single=True,
        ),
    ),
    styles=("sso_oidc.css",),
)
