"""What is known of common providers, so that an administrator needs little more than a client id."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

import msgspec

from psa_sso_oidc.api import Preset


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of provider: its name for people, the shape of its issuer, the claim that holds groups."""

    title: str
    issuer: str
    groups_claim: str
    scopes: str = "openid email profile"
    prompt_anew: str = "login"
    """What `prompt` makes it ask a person who is logged in there once more; Google asks only which account."""
    refused_paths: tuple[str, ...] = ()
    """First parts of an issuer's path that stand for everybody's accounts, not for one organisation's."""


PRESETS: Final[Mapping[Preset, Known]] = {
    "other": Known(title="OpenID Connect", issuer="", groups_claim="groups"),
    "entra": Known(
        title="Microsoft Entra ID",
        issuer="https://login.microsoftonline.com/<directory id>/v2.0",
        groups_claim="groups",
        refused_paths=("common", "organizations", "consumers", "9188040d-6c67-4c5b-b112-36a304b66dad"),
    ),
    "google": Known(
        title="Google Workspace",
        issuer="https://accounts.google.com",
        groups_claim="",
        prompt_anew="select_account",
    ),
    "okta": Known(
        title="Okta",
        issuer="https://<organisation>.okta.com",
        groups_claim="groups",
        scopes="openid email profile groups",
    ),
    "keycloak": Known(
        title="Keycloak", issuer="https://<host>/realms/<realm>", groups_claim="realm_access.roles"
    ),
}


def issuer_problem(preset: Preset, issuer: str) -> str:
    """Return why an issuer can't be one of this kind; empty when it can.

    Example:
        >>> issuer_problem("entra", "https://login.microsoftonline.com/common/v2.0")
        'Name your own directory: common lets in accounts of any organisation.'
        >>> issuer_problem("google", "https://accounts.google.com")
        ''
    """
    known, parts = PRESETS[preset], urlsplit(issuer)
    if (
        parts.scheme not in {"https", "http"}
        or not parts.hostname
        or parts.query
        or parts.fragment
        or parts.username
    ):
        return "An issuer is an https:// address without ? or #, exactly as the provider writes it."
    first = parts.path.strip("/").split("/")[0]
    if first in known.refused_paths:
        return f"Name your own directory: {first} lets in accounts of any organisation."
    if preset == "google" and issuer != known.issuer:
        return f"The issuer of Google Workspace is {known.issuer}."
    return ""
