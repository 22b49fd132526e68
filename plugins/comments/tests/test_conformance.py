"""What every plugin is held to."""

from typing import Any, ClassVar
from uuid import UUID

from psa_sdk.testing import Kit, PluginBattery


async def mention(kit: Kit, given: dict[str, Any]) -> UUID:
    """Mention the administrator in a comment of its own: each is mentioned once per comment."""
    comment = given.get("comment") or (await kit.make("comments")).id
    account = await (await kit.admin()).account_id()
    async with kit.unit() as unit:
        return await unit.records.create("comment-mentions", {"comment": comment, "account": account})


class TestConformance(PluginBattery):
    plugin = "comments"
    samples: ClassVar = {"comments": {"note_type": "public"}, "comment-mentions": mention}
