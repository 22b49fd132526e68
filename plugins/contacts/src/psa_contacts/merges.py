"""What merges of contacts and of companies have in common: checks, what is taken over, the record that undoes them."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import msgspec

from psa_contacts.shapes import MergePreview
from psa_sdk import Context
from psa_sdk.errors import Conflict, Invalid

UNDO_FOR: Final = timedelta(days=30)
_EMPTY: Final = (None, "", [])

Values = Mapping[str, Any]


class Pair(msgspec.Struct, frozen=True):
    """The two of a merge, and what becomes of the values that other plugins hold of them.

    What one extension holds, such as a billing profile, belongs together: the winner takes it over whole
    (`inherited`) or keeps its own whole (`contested`: in what the loser's differs).
    """

    winner: Values
    loser: Values
    inherited: Values
    contested: Sequence[str]


class Merges(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of merges: of which resource, kept as which, and what is filled where the winner has nothing."""

    resource: str
    kept_as: str
    one: str
    """What people call one of them."""
    filled: tuple[str, ...]

    @property
    def unmoved(self) -> tuple[str, ...]:
        """References that go on naming the loser."""
        return (f"{self.resource}.merged_into", self.kept_as)

    def gained(self, pair: Pair) -> dict[str, Any]:
        """Return what changes on the winner: empty values filled, tags united, custom fields completed, notes appended."""
        winner, loser = pair.winner, pair.loser
        values = {
            name: loser[name] for name in self.filled if winner[name] is None and loser[name] is not None
        }
        tags = [*winner["tags"], *(tag for tag in loser["tags"] if tag not in winner["tags"])]
        if tags != winner["tags"]:
            values["tags"] = tags
        held = winner["custom_fields"]
        added = {
            key: value
            for key, value in loser["custom_fields"].items()
            if value not in _EMPTY and held.get(key) in _EMPTY
        }
        if added:
            values["custom_fields"] = {**held, **added}
        if loser["notes"]:
            values["notes"] = f"{winner['notes']}\n\n{loser['notes']}" if winner["notes"] else loser["notes"]
        return {**values, **pair.inherited}

    def check(self, winner: Values, loser: Values) -> None:
        """Refuse merges that can't be meant."""
        if winner["id"] == loser["id"]:
            raise Invalid(
                f"A {self.one} can't be merged into itself.",
                code=f"same_{self.one}",
                pointer="/data/attributes/source",
            )
        for role, row in (("source", loser), ("target", winner)):
            if row["merged_into"] is not None:
                raise _already(f"The {role} {self.one} was already merged into another one.", row)
        if winner["archived_at"] is not None:
            raise Conflict(f"The target {self.one} is archived; restore it first.", code="target_archived")

    async def both(self, ctx: Context, winner_id: UUID, loser_id: UUID, *, lock: bool) -> Pair:
        """Return winner and loser; opposite merges lock in the same order."""
        ids = sorted({winner_id, loser_id})
        rows = {one: await ctx.records.get(self.resource, one, lock=lock) for one in ids}
        winner, loser = dict(rows[winner_id]), rows[loser_id]
        held = await ctx.records.extended(self.resource, winner_id)
        inherited: dict[str, Any] = {}
        contested: list[str] = []
        for table, theirs in (await ctx.records.extended(self.resource, loser_id)).items():
            defaults, own, values = theirs.defaults, held[table].held, theirs.held or {}
            if own is None:
                winner.update(defaults)
                inherited |= {name: value for name, value in values.items() if value != defaults[name]}
            else:
                contested += [
                    name for name, value in values.items() if value not in (own[name], defaults[name])
                ]
        return Pair(winner=winner, loser=loser, inherited=inherited, contested=contested)

    async def preview(self, ctx: Context, pair: Pair, gained: Values) -> MergePreview:
        """Return what would move, be taken over, and stay as the winner has it."""
        winner, loser = pair.winner, pair.loser
        moves = await ctx.records.referring(self.resource, loser["id"], skip=self.unmoved)
        keeps = [
            name
            for name in self.filled
            if None not in (winner[name], loser[name]) and winner[name] != loser[name]
        ]
        return MergePreview(moves=dict(moves), fills=sorted(gained), keeps=sorted([*keeps, *pair.contested]))

    async def keep(
        self,
        ctx: Context,
        winner_id: UUID,
        loser_id: UUID,
        moved: Mapping[str, Sequence[UUID]],
        before: Mapping[str, Any],
    ) -> UUID:
        """Keep what it takes to undo a merge, write it to the audit log, and return the merge's id."""
        merge_id = await ctx.as_system().records.create(
            self.kept_as,
            {
                "winner": winner_id,
                "loser": loser_id,
                "moved": {key: [str(one) for one in ids] for key, ids in moved.items()},
                "before": before,
                "undo_until": ctx.now + UNDO_FOR,
            },
        )
        counts = {key: len(ids) for key, ids in moved.items()}
        await ctx.audit("merge", self.resource, winner_id, source=str(loser_id), moved=counts)
        return merge_id

    async def undoable(self, ctx: Context, merge_id: UUID) -> Values:
        """Return a merge that can still be undone, locked with the one that was kept."""
        row = await ctx.records.get(self.kept_as, merge_id, lock=True)
        winner = await ctx.records.get(self.resource, row["winner"], lock=True)
        if row["undone_at"] is not None:
            raise Conflict("This merge was already undone.", code="already_undone")
        if row["undo_until"] < ctx.now:
            raise Conflict("A merge can be undone for 30 days only.", code="undo_expired")
        if winner["merged_into"] is not None:
            raise _already(
                f"The {self.one} that was kept has been merged itself; undo that merge first.", winner
            )
        return row

    async def give_back(self, ctx: Context, merge: Values) -> None:
        """Give the loser back what moved, and the winner its former values."""
        await ctx.records.repoint(self.resource, merge["winner"], merge["loser"], only=merge["moved"])
        await ctx.as_system().records.update(self.resource, merge["winner"], merge["before"]["winner"])

    async def bring_back(self, ctx: Context, merge: Values) -> None:
        """Let the loser be what it was."""
        before = merge["before"]
        values = {**before["loser"], "merged_into": None}
        if not before["was_archived"]:
            values["archived_at"] = None
        await ctx.as_system().records.update(self.resource, merge["loser"], values)

    async def undone(self, ctx: Context, merge: Values) -> None:
        """Note that a merge is undone."""
        await ctx.as_system().records.update(self.kept_as, merge["id"], {"undone_at": ctx.now})
        await ctx.audit("undo_merge", self.resource, merge["winner"], source=str(merge["loser"]))


def _already(detail: str, row: Values) -> Conflict:
    return Conflict(detail, code="already_merged", meta={"merged_into": str(row["merged_into"])})
