"""Single sign-on with SAML 2.0: the tenant's own identity providers let its people in."""
