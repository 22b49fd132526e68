"""Settings: typed values a tenant chooses, with defaults in code."""

from typing import Annotated, Any

import msgspec


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The base of a plugin's settings; every field needs a default.

    The effective value is the first of user, tenant and code. Use `msgspec.Meta` for bounds and
    descriptions, `Secret` for values that must not be read back, `user_field` for those a user may override.

    Example:
        >>> class DeskSettings(Settings, frozen=True, kw_only=True):
        ...     auto_close_days: Annotated[int, msgspec.Meta(ge=0, le=365, title="Close resolved tickets after")] = 5
        >>> DeskSettings().auto_close_days
        5
    """


SECRET_MARK: dict[str, Any] = {"x-secret": True}
USER_MARK: dict[str, Any] = {"x-user": True}

Secret = Annotated[str, msgspec.Meta(extra_json_schema=SECRET_MARK)]
"""A string sealed under the tenant's key; the API tells only whether it is set."""

UserChoice = msgspec.Meta(extra_json_schema=USER_MARK)
"""Marks a field that each user may override: `rows: Annotated[int, UserChoice] = 50`."""
