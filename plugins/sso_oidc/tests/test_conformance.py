from typing import ClassVar

from psa_sdk.testing import PluginBattery


class TestConformance(PluginBattery):
    plugin = "sso_oidc"
    samples: ClassVar = {
        "oidc-providers": {
            "name": lambda n: f"Provider {n}",
            "issuer": lambda n: f"http://127.0.0.1:9/realms/{n}",
            "preset": "other",
            "audience": "staff",
            "scopes": "openid email",
            "group_roles": {"Helpdesk": ["technician"]},
            "email_domains": ["example.com"],
        },
    }
    fixed: ClassVar = {
        "oidc-providers.preset": "issuers of known providers have their own shape",
        "oidc-providers.audience": "final: linked accounts belong to one audience",
        "oidc-providers.issuer": "asks for the secret again",
        "oidc-providers.group_roles": "names roles, which must exist",
        "oidc-providers.scopes": "openid is always asked for",
    }
    public: ClassVar = ("POST /oidc-providers/{id:uuid}/backchannel-logout",)
