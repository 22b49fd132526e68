"""What every plugin is held to."""

from typing import ClassVar

from psa_sdk.testing import PluginBattery


async def make_mention(kit, given):
    """Mention the administrator in a comment of its own: there is one mention of each in a comment."""
    comment = given.get("comment") or (await kit.make("comments")).id
    account = await (await kit.admin()).account_id()
    async with kit.unit() as ctx:
        return await ctx.records.create("comment-mentions", {"comment": comment, "account": account})


class TestConformance(PluginBattery):
    plugin = "comments"
    samples: ClassVar = {"comments": {"note_type": "public"}, "comment-mentions": make_mention}
