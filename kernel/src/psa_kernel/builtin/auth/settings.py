"""What a tenant decides about logging in."""

import ipaddress
from typing import Annotated, Literal

from msgspec import Meta

from psa_sdk.settings import Settings


class AuthSettings(Settings, frozen=True, kw_only=True):
    """Passwords, sessions and lockout."""

    password_min_length: Annotated[
        int,
        Meta(ge=8, le=128, title="Shortest password", description="Where it is all that a log-in asks for"),
    ] = 15
    password_min_length_beside_factor: Annotated[
        int, Meta(ge=8, le=128, title="Shortest password of those who must have a second factor")
    ] = 8
    password_history: Annotated[int, Meta(ge=0, le=24, title="Earlier passwords that can't be reused")] = 5
    password_max_age_days: Annotated[
        int, Meta(ge=0, le=3650, title="Days until a password expires", description="0: never (NIST 800-63B)")
    ] = 0
    reset_minutes: Annotated[int, Meta(ge=5, le=60, title="Minutes to use a link for a new password")] = 30
    access_minutes: Annotated[int, Meta(ge=1, le=15, title="Life of an access token")] = 15
    session_days: Annotated[int, Meta(ge=1, le=90, title="Longest session of an API client")] = 30
    browser_hours: Annotated[int, Meta(ge=1, le=72, title="Longest session of a browser")] = 12
    browser_idle_minutes: Annotated[int, Meta(ge=5, le=1440, title="Idle time that ends one")] = 60
    lockout_failures: Annotated[int, Meta(ge=3, le=10, title="Wrong passwords until an account locks")] = 5
    address_failures: Annotated[int, Meta(ge=10, le=1000, title="Wrong passwords until an address locks")] = (
        30
    )
    second_factor: Annotated[
        Literal["optional", "staff", "everybody"],
        Meta(title="Who needs a second factor", description="Roles can require one besides"),
    ] = "optional"
    sso_counts_as_second_factor: Annotated[
        bool,
        Meta(
            title="Single sign-on needs no second factor here",
            description="The identity provider asks for it",
        ),
    ] = True
    local_passwords: Annotated[
        Literal["everybody", "portal", "nobody"],
        Meta(title="Who may log in with a password", description="The others use single sign-on"),
    ] = "everybody"
    break_glass: Annotated[
        str,
        Meta(
            max_length=2000,
            title="Administrators who always may, by e-mail address",
            description="While none of these can log in with a password, every administrator can",
        ),
    ] = ""
    staff_networks: Annotated[
        str,
        Meta(
            max_length=4000,
            title="Networks that staff must come from",
            description="Such as 192.0.2.0/24 2001:db8::/32; empty: any. API keys with addresses of their own are apart",
        ),
    ] = ""
    api_key_days: Annotated[int, Meta(ge=1, le=366, title="Longest life of an API key")] = 366

    def __post_init__(self) -> None:
        """Refuse what is no network, so that a slip of the pen shuts nobody out."""
        for text in listed(self.staff_networks):
            try:
                ipaddress.ip_network(text, strict=False)
            except ValueError:
                raise ValueError(
                    f"{text!r} is no address or network; examples are 192.0.2.7 and 2001:db8::/32."
                ) from None


def listed(text: str) -> list[str]:
    """Return the entries of a setting that takes several, by spaces, commas or lines.

    Example:
        >>> listed("192.0.2.7, 2001:db8::/32")
        ['192.0.2.7', '2001:db8::/32']
    """
    return text.replace(",", " ").split()
