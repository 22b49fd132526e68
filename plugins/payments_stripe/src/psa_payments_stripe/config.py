"""What a tenant stores to be paid through Stripe; sealed by billing."""

from collections.abc import Mapping
from typing import Annotated

import msgspec
from msgspec import Meta

from psa_sdk import Secret

API = "https://api.stripe.com"
METHODS = ("card", "us_bank_account")


class StripeConfig(msgspec.Struct, kw_only=True):
    """The credentials of an account."""

    secret_key: Annotated[
        Secret,
        Meta(
            pattern="^(sk|rk)_(test|live)_[A-Za-z0-9_]+$",
            title="Secret key",
            description="From Developers, API keys; a restricted one needs Checkout, Customers, Payment Intents,"
            " Payment Methods, Refunds and Disputes",
        ),
    ]
    webhook_secret: Annotated[
        Secret,
        Meta(
            pattern="^(whsec_.+)?$",
            title="Signing secret of the webhook",
            description="Shown once the address below is entered there",
        ),
    ] = ""
    methods: Annotated[
        str,
        Meta(
            pattern="^(card|us_bank_account)(,(card|us_bank_account))*$",
            title="Methods",
            description="card, us_bank_account, or both with a comma between them",
        ),
    ] = "card"
    api: Annotated[
        str,
        Meta(
            pattern="^https?://[^/]+$", title="Address of the API", description="Another one only for tests"
        ),
    ] = API


def methods_for(config: Mapping[str, str], currency: str) -> list[str]:
    """Return the methods that may pay in a currency; bank debits are in US dollars only.

    Example:
        >>> methods_for({"methods": "card,us_bank_account"}, "USD")
        ['card', 'us_bank_account']
        >>> methods_for({"methods": "card,us_bank_account"}, "EUR")
        ['card']
    """
    chosen = config.get("methods", "card").split(",")
    return [one for one in METHODS if one in chosen and (one != "us_bank_account" or currency == "USD")] or [
        "card"
    ]
