"""Notifications: one per person, kind and record; never of one's own doing; one's own alone (NTF-01, NTF-08)."""

import datetime
from uuid import UUID

from psa_console.api import Inbox
from psa_console.notifications.inbox import latest, mark, mark_all, unread
from psa_sdk.tables import new_id
from psa_sdk.testing import Kit


async def told(kit: Kit, account: UUID, title: str, subject: UUID | None = None) -> None:
    async with kit.unit() as ctx:
        await ctx.service(Inbox).tell(account, "mentioned", ("companies", subject or new_id()), title)


async def test_what_is_unread_is_renewed_and_what_is_read_comes_anew(kit: Kit):
    person = await kit.staff(name="Renewed")
    account, subject = await person.account_id(), new_id()
    for title in ("First", "Second"):
        await told(kit, account, title, subject)
    async with kit.unit(person) as ctx:
        (row,) = await latest(ctx, 10)
        assert row["title"] == "Second"
        await mark(ctx, row["id"])
    await told(kit, account, "Third", subject)
    async with kit.unit(person) as ctx:
        assert [row["title"] for row in await latest(ctx, 10)] == ["Third", "Second"]
        assert await unread(ctx) == 1


async def test_marking_all_leaves_what_came_since_unread(kit: Kit):
    """NTF-08: bounded by the instant that was shown."""
    person = await kit.staff(name="Marking")
    account = await person.account_id()
    await told(kit, account, "Shown")
    async with kit.unit(person) as ctx:
        seen = (await latest(ctx, 1))[0]["created_at"]
    kit.advance(datetime.timedelta(minutes=1))
    await told(kit, account, "Since")
    async with kit.unit(person) as ctx:
        await mark_all(ctx, seen)
    async with kit.unit(person) as ctx:
        assert {row["title"]: row["read_at"] is None for row in await latest(ctx, 5)} == {
            "Since": True,
            "Shown": False,
        }


async def test_what_becomes_visible_later_is_newer_however_long_it_was_under_way(kit: Kit):
    """A unit of work that began before the list was shown, and ended after, is not in it and stays unread."""
    person = await kit.staff(name="Overtaken")
    account = await person.account_id()
    async with kit.unit() as slow:
        kit.advance(datetime.timedelta(seconds=5))
        await told(kit, account, "Shown")
        async with kit.unit(person) as ctx:
            seen = (await latest(ctx, 1))[0]["created_at"]
        await slow.service(Inbox).tell(account, "mentioned", ("companies", new_id()), "Slow")
    async with kit.unit(person) as ctx:
        await mark_all(ctx, seen)
        assert [(row["title"], row["read_at"] is None) for row in await latest(ctx, 5)] == [
            ("Slow", True),
            ("Shown", False),
        ]


async def test_nobody_is_told_of_their_own_doing_nor_reads_anothers(kit: Kit):
    """NTF-01."""
    person, other = await kit.staff(name="One"), await kit.staff(name="Other")
    async with kit.unit(person) as ctx:
        await ctx.service(Inbox).tell(ctx.principal.id, "mentioned", ("companies", new_id()), "Mine")
    async with kit.unit(person) as ctx:
        assert await unread(ctx) == 0
    await told(kit, await person.account_id(), "Theirs")
    async with kit.unit(other) as ctx:
        assert await latest(ctx, 5) == []
    async with kit.unit(person) as ctx:
        (row,) = await latest(ctx, 5)
    async with kit.unit(other) as ctx:
        assert await mark(ctx, row["id"]) is None


async def test_the_bell_costs_the_same_however_much_is_unread(kit: Kit):
    person = await kit.staff(name="Counting")

    async def cost() -> tuple[int, int]:
        async with kit.statements() as sent, kit.unit(person) as ctx:
            counted = await unread(ctx)
        return counted, len([text for text in sent if "console.notification" in text])

    assert await cost() == (0, 1)
    for number in range(5):
        await told(kit, await person.account_id(), f"Note {number}")
    assert await cost() == (5, 1)
