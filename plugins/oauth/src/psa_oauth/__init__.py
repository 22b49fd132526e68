"""OAuth 2.0 and OpenID Connect for other people's applications."""
