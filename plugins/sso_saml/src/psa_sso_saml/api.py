"""What other plugins may use of single sign-on with SAML."""

from typing import Final

from psa_sdk.identity_providers import IdentityProviders

PROVIDERS: Final = "saml-providers"
"""The resource of identity providers."""
SAML_PROVIDERS: Final = IdentityProviders(plugin="sso_saml", resource=PROVIDERS, protocol="saml")
