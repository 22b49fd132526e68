"""What a tenant stores to be paid through PayPal; sealed by billing."""

from collections.abc import Mapping
from typing import Annotated

import msgspec
from msgspec import Meta

from psa_sdk import Secret

LIVE, SANDBOX = "https://api-m.paypal.com", "https://api-m.sandbox.paypal.com"


class PayPalConfig(msgspec.Struct, kw_only=True):
    """The credentials of an app of PayPal's."""

    client_id: Annotated[
        str,
        Meta(
            pattern=r"^[\x21-\x39\x3b-\x7e]+$",
            title="Client ID",
            description="From Apps & Credentials in PayPal's developer dashboard, of the sandbox or live",
        ),
    ]
    client_secret: Annotated[Secret, Meta(pattern=r"^[\x21-\x7e]+$", title="Client secret")]
    webhook_id: Annotated[
        str,
        Meta(
            pattern="^[a-zA-Z0-9]{0,50}$",
            title="Webhook ID",
            description="Shown there once the address below is entered as a webhook of the app",
        ),
    ] = ""
    api: Annotated[
        str,
        Meta(
            pattern="^(https?://[^/]+)?$",
            title="Address of the API",
            description="Empty: PayPal's own for the mode; another one only for tests",
        ),
    ] = ""


def address(config: Mapping[str, str]) -> str:
    """Return where a config's API is.

    Example:
        >>> address({"is_test_mode": "true"}), address({"is_test_mode": "false"})
        ('https://api-m.sandbox.paypal.com', 'https://api-m.paypal.com')
    """
    return config.get("api") or (SANDBOX if config.get("is_test_mode") == "true" else LIVE)
