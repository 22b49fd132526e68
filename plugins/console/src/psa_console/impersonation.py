"""The panel of a user's record from which somebody begins to act as them."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from psa_sdk import Context
from psa_sdk.ui import Panel


async def load(ctx: Context, id: UUID | None) -> Mapping[str, Any] | None:
    """Show it for whoever can log in, except oneself."""
    assert id is not None
    found = await ctx.records.get("users", id)
    return (
        {"id": id, "name": found["name"]} if found["status"] == "active" and id != ctx.principal.id else None
    )


PANELS: Final = (
    Panel(
        slot="user.side",
        id="impersonation",
        title="Act as this person",
        template="console/impersonate.html",
        load=load,
        permission="auth.users.impersonate",
        icon="eye",
        order=900,
    ),
)
