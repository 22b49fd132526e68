"""What a provider's claims say about a person."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from psa_sdk.admission import Person, Refused

_MOST_GROUPS: Final = 2000


def person(
    claims: Mapping[str, Any], *, groups_claim: str, trusts_email: bool, hosted_domains: Sequence[str] = ()
) -> Person:
    """Return who the claims are about.

    `groups_claim` is a path such as `realm_access.roles`. `trusts_email` takes the provider's addresses for verified.
    Where `hosted_domains` are named, the claim `hd` must be one of them. Raises `Refused` for groups that don't fit
    into the token (Entra ID: `_claim_names`), since roles would silently be lost.
    """
    if hosted_domains and str(claims.get("hd", "")).lower() not in hosted_domains:
        raise Refused("domain_refused", str(claims.get("hd"))[:200])
    email = claims.get("email") or ""
    if not isinstance(email, str):
        raise Refused("token_malformed", "email")
    verified = claims.get("email_verified")
    name = claims.get("name") or " ".join(
        str(claims[part]) for part in ("given_name", "family_name") if claims.get(part)
    )
    return Person(
        subject=str(claims["sub"]),
        email=email.strip(),
        # Some providers send the text "true".
        email_verified=bool(email) and (trusts_email or verified is True or verified == "true"),
        name=(str(name) or email.partition("@")[0])[:200],
        groups=_groups(claims, groups_claim),
    )


def _groups(claims: Mapping[str, Any], path: str) -> frozenset[str] | None:
    if not path:
        return None
    elsewhere = claims.get("_claim_names")
    if isinstance(elsewhere, Mapping) and path in elsewhere:
        raise Refused(
            "groups_overage", "too many groups for a token; let the provider send assigned groups only"
        )
    found: Any = claims.get(path)
    if found is None:
        found = claims
        for part in path.split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
    if found is None:
        return None
    listed = [found] if isinstance(found, str) else found
    if not isinstance(listed, Sequence) or not all(isinstance(one, str) for one in listed):
        raise Refused("token_malformed", path)
    return frozenset(listed[:_MOST_GROUPS])
