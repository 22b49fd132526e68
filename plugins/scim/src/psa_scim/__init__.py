"""SCIM 2.0: identity providers keep accounts and roles up to date."""
