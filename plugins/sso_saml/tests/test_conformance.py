from typing import ClassVar

from psa_sdk.testing import PluginBattery


class TestConformance(PluginBattery):
    plugin = "sso_saml"
    samples: ClassVar = {
        "saml-providers": {
            "name": lambda n: f"Provider {n}",
            "audience": "staff",
            "idp_entity_id": lambda n: f"https://idp{n}.example.com/metadata",
            "idp_sso_url": "https://idp.example.com/sso",
            "idp_certificates": "",
            "group_roles": {"Helpdesk": ["technician"]},
            "email_domains": ["example.com"],
        },
    }
    fixed: ClassVar = {
        "saml-providers.audience": "final: linked accounts belong to one audience",
        "saml-providers.group_roles": "names roles, which must exist",
        "saml-providers.idp_certificates": "certificates, which must be readable",
        "saml-providers.idp_sso_url": "an address of the web",
    }
    public: ClassVar = {
        "GET /saml-providers/{id:uuid}/metadata": "providers read it before anybody is logged in; it holds nothing secret",
        "POST /saml-providers/{id:uuid}/acs": "browsers bring assertions there before anybody is logged in",
    }
