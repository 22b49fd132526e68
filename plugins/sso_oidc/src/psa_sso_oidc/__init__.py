"""Single sign-on with OpenID Connect: the tenant's own identity providers let its people in."""
